/** The page of one plot: the URL holds its state, the form changes that, the picture follows. */

import { everySecond, setClock } from "./clock.js";
import { Condition } from "./condition.js";
import { Follower } from "./follower.js";
import { Form } from "./form.js";
import { onKey } from "./keys.js";
import { Output } from "./output.js";
import { find, freshPage, write } from "./page.js";
import { Picture } from "./picture.js";
import { LiveSocket } from "./socket.js";
import { Stage } from "./stage.js";
import { onTheme, theme } from "./theme.js";
import { TroublePanel } from "./trouble.js";
import { t, tell } from "./words.js";
import { Zoom } from "./zoom.js";

const NOT_SHOWN = ["_", "_etag"]; // words that say nothing of what the page shows
const SLOW_MS = 1000; // a picture that takes longer isn't drawn anew only because its window changed

/** @typedef {"new" | "more"} Step a change of its own, or one that goes on */

export class PlotPage {
  constructor() {
    this.main = find(document, "main", HTMLElement);
    this.base = this.main.dataset.plot ?? "";
    this.query = this.main.dataset.query ?? "";
    this.origin = new URL(find(document, "#address", HTMLInputElement).value).origin; // as others reach the daemon
    this.form = new Form(find(document, "#form", HTMLFormElement), (step) => this.#changed(step));
    this.trouble = new TroublePanel(find(document, "#trouble", HTMLElement), find(document, "#note", HTMLElement));
    const output = document.querySelector("#output"); // not for everybody
    this.output = output instanceof HTMLDetailsElement ? new Output(output, () => this.#learn()) : null;
    this.stage = new Stage(find(document, "#picture", HTMLElement), this, () => this.#ask());
    this.image = this.stage.image;
    /** @type {Picture} */
    this.picture = new Picture(
      this.image,
      this.url,
      (shown) => this.#seen(shown),
      (why, url) => this.#refused(why, url),
    );
    this.condition = new Condition(this);
    this.zoom = new Zoom(this.stage.frame, this.image, this);
    this.socket = new LiveSocket((link) => this.#linked(link), () => void this.#refresh());
    this.follower = new Follower(this.socket, this.picture, (news) => this.#heard(news));
    this.pause = find(document, "#pause", HTMLButtonElement);
    this.pause.addEventListener("click", () => this.#paused());
    window.addEventListener("popstate", () => this.#returned());
    document.addEventListener("visibilitychange", () => this.#slept());
    onTheme(() => this.#ask());
    everySecond(() => this.condition.line.tell(this.picture.shown));
    this.#ask();
  }

  /** What the URL says. */
  get words() {
    return new URLSearchParams(this.query);
  }

  /** Whether the picture took long to draw. */
  get isSlow() {
    return (this.picture.shown?.tookMs ?? 0) > SLOW_MS;
  }

  /** The picture that the form asks for, under the address that others are given. */
  get url() {
    return `${this.base}.png${this.query}`;
  }

  /** The same as it is drawn for this window. */
  get pictureUrl() {
    const words = new URLSearchParams([...this.words, ...this.stage.size]);
    if (theme() === "dark" && !words.get("_theme")) words.set("_theme", "dark");
    return `${this.base}.png${words.size ? `?${words}` : ""}`;
  }

  /** The part of the plot that the reader looks at: the words that limit its axes, by their names. */
  get view() {
    return this.form.view;
  }

  /**
   * Look at another part.
   * @param {Map<string, string>} view
   * @param {Step} step
   */
  look(view, step) {
    this.form.limit(view);
    this.#changed(step);
  }

  /** @param {Step} step */
  #changed(step) {
    const words = this.form.words();
    const query = words.length ? `?${new URLSearchParams(words)}` : "";
    if (query === this.query) return;
    this.query = query;
    if (step === "new") history.pushState(null, "", this.base + query);
    else history.replaceState(null, "", this.base + query);
    this.stage.measure();
    this.#ask(step);
  }

  /** The reader went back or forward. */
  #returned() {
    const words = new URLSearchParams(location.search);
    for (const name of NOT_SHOWN) words.delete(name);
    this.query = words.size ? `?${words}` : "";
    this.form.restore(words);
    this.form.blame({});
    this.stage.measure();
    this.#ask();
  }

  /** Follow the picture that the URL means, if there can be one. @param {Step} step */
  #ask(step = "new") {
    const lacks = this.form.lacks();
    const url = this.pictureUrl;
    if (this.condition.news?.url !== url) this.condition.news = null;
    if (lacks.length) this.follower.stop();
    else if (step === "more") this.follower.followNext(url);
    else this.follower.follow(url);
    this.trouble.say(lacks.length ? t("Fill in {fields} to see this plot.", { fields: listed(lacks) }) : "");
    this.#point();
    find(document, "#take", HTMLElement).hidden = lacks.length > 0;
    this.condition.tell();
  }

  #paused() {
    const isPaused = !this.follower.isPaused;
    this.pause.setAttribute("aria-pressed", String(isPaused));
    if (isPaused) void this.zoom.learn();
    this.condition.news = null;
    this.follower.pause(isPaused);
    this.condition.tell();
  }

  /** Nobody looks any more, or again: then whatever was said may be wrong by now. */
  #slept() {
    this.condition.news = null;
    this.condition.tell();
  }

  /** Let all links lead to the same picture. */
  #point() {
    for (const link of document.querySelectorAll("a[data-ending]")) {
      if (link instanceof HTMLAnchorElement) link.href = `${this.base}.${link.dataset.ending}${this.query}`;
    }
    find(document, "#address", HTMLInputElement).value = this.origin + this.url;
  }

  /** @param {import("./socket.js").Link} link */
  #linked(link) {
    this.condition.link = link;
    if (link === "offline") this.condition.news = null; // whatever was said may be wrong by now
    if (link === "live") void setClock();
    this.condition.tell();
  }

  /** @param {import("./socket.js").News} news */
  #heard(news) {
    if (news.url !== this.pictureUrl) return;
    this.condition.news = news;
    if (news.error?.code === "too_large" && this.stage.size.length) {
      this.stage.shrink();
      return;
    }
    if (news.state === "fresh" && this.picture.isShown(news.url, news.etag)) this.#recovered();
    if (news.state === "stale") void this.#failed(news.error ?? { code: "plot_failed", message: "" }, news.url);
    const message = t("Its file was removed, or no longer defines it.");
    if (news.state === "gone") this.#blame({ code: "gone", message });
    this.condition.tell();
  }

  #recovered() {
    this.trouble.hide();
    this.form.blame({});
    this.trouble.say("");
  }

  /** Another picture is seen. @param {import("./picture.js").Shown} shown */
  #seen(shown) {
    this.stage.fit();
    this.zoom.seen(shown);
    if (shown.url === this.pictureUrl && this.condition.news?.state !== "stale") this.#recovered();
    void this.output?.update();
    this.condition.tell();
  }

  /**
   * The picture that was said to be there isn't.
   * @param {import("./picture.js").Trouble} why
   * @param {string} url
   */
  #refused(why, url) {
    if (url !== this.pictureUrl) return;
    this.condition.news = { url, etag: null, state: "stale", error: why };
    this.#blame(why);
    this.condition.tell();
  }

  /**
   * There is no new picture: say why, and learn the rest.
   * @param {import("./picture.js").Trouble} why
   * @param {string} url
   */
  async #failed(why, url) {
    this.#blame(why);
    const told = await this.#learn();
    const last = told?.error ?? told?.last_render?.error;
    const isStill = url === this.pictureUrl && this.condition.news?.state !== "fresh";
    if (last && isStill && last.code === why.code) this.#blame(last);
    this.output?.tell(told);
  }

  /** @param {import("./picture.js").Trouble} why */
  #blame(why) {
    this.zoom.drop();
    if (why.fields) this.form.blame(why.fields);
    if (why.code === "bad_parameter") {
      this.trouble.hide();
      this.trouble.say(t("Some of the settings can't be drawn."));
    } else {
      this.trouble.show(why);
      this.trouble.say("");
    }
  }

  /** Return what the daemon tells of the plot and its last render, its failure included; null if it can't. */
  async #learn() {
    const response = await fetch(this.pictureUrl.replace(/\.png(?=$|\?)/, ".json")).catch(() => null);
    const told = await response?.json().catch(() => null);
    if (typeof told?.note === "string") tellPlace(told.note);
    return told;
  }

  /** Take in what the plot's author changed, if that shows in the page. */
  async #refresh() {
    const fresh = await freshPage();
    const form = fresh?.querySelector("#form");
    if (!fresh || !(form instanceof HTMLFormElement)) return;
    for (const part of ["title", "h1", "#place", "#description", "#data-files"]) {
      const [ours, theirs] = [document.querySelector(part), fresh.querySelector(part)];
      if (!(ours instanceof HTMLElement) || !(theirs instanceof HTMLElement)) continue;
      ours.replaceChildren(...document.importNode(theirs, true).childNodes);
      ours.hidden = theirs.hidden;
    }
    this.condition.tab.keep();
    if (form.dataset.key === this.form.element.dataset.key) return;
    this.form.replace(form);
    this.#ask();
  }
}

/** @param {string[]} labels */
function listed(labels) {
  return labels.map((label) => `“${label}”`).join(` ${t("and")} `);
}

/** Say where the plot is drawn, if that is special. @param {string} text */
function tellPlace(text) {
  const line = find(document, "#place", HTMLElement);
  write(line, tell({ message: text }));
  line.hidden = text === "";
}

export const page = new PlotPage();

onKey("+", t("Zoom in"), () => void page.zoom.by(1.5));
onKey("-", t("Zoom out"), () => void page.zoom.by(1 / 1.5));
onKey("0", t("Reset view"), () => void page.zoom.reset());
find(document, "#takeaway", HTMLElement).addEventListener("beforetoggle", () => {
  import("./takeaway.js").catch(() => null); // offline: the links are there without it, and it is asked for again
});

/** The page of one plot: the URL holds its state, the form changes that, the picture follows. */

import { everySecond, setClock } from "./clock.js";
import { Follower } from "./follower.js";
import { Form } from "./form.js";
import { Output } from "./output.js";
import { find, freshPage, write } from "./page.js";
import { Picture } from "./picture.js";
import { LiveSocket } from "./socket.js";
import { StatusLine } from "./status.js";
import { TroublePanel } from "./trouble.js";

const NOT_SHOWN = ["_", "_etag"]; // words that say nothing of what the page shows

const GONE = "Its file was removed, or no longer defines it.";

class PlotPage {
  /** @type {import("./socket.js").Link} */
  #link = "connecting";
  /** @type {import("./socket.js").News | null} */
  #news = null;

  constructor() {
    this.main = find(document, "main", HTMLElement);
    this.base = this.main.dataset.plot ?? "";
    this.query = this.main.dataset.query ?? "";
    this.origin = new URL(find(document, "#address", HTMLInputElement).value).origin; // as others reach the daemon
    this.figure = find(document, "#picture", HTMLElement);
    this.note = find(document, "#note", HTMLElement);
    this.line = new StatusLine(find(document, "#state", HTMLElement));
    this.form = new Form(find(document, "#form", HTMLFormElement), (step) => this.#changed(step));
    this.trouble = new TroublePanel(find(document, "#trouble", HTMLElement));
    const output = document.querySelector("#output"); // only scripts have one, and not for everybody
    this.output = output instanceof HTMLDetailsElement ? new Output(output, () => this.#learn()) : null;
    const image = find(this.figure, "img.live", HTMLImageElement);
    this.picture = new Picture(image, this.url, (shown) => this.#seen(shown), (why, url) => this.#refused(why, url));
    this.socket = new LiveSocket((link) => this.#linked(link), () => void this.#refresh());
    this.follower = new Follower(this.socket, this.picture, (news) => this.#heard(news));
    window.addEventListener("popstate", () => this.#returned());
    find(document, "#copy", HTMLButtonElement).addEventListener("click", copyAddress);
    everySecond(() => this.line.tell(this.picture.shown));
    this.#ask();
  }

  /** The picture that the form asks for. */
  get url() {
    return `${this.base}.png${this.query}`;
  }

  /** @param {"new" | "more"} step */
  #changed(step) {
    const words = this.form.words();
    const query = words.length ? `?${new URLSearchParams(words)}` : "";
    if (query === this.query) return;
    this.query = query;
    if (step === "new") history.pushState(null, "", this.base + query);
    else history.replaceState(null, "", this.base + query);
    this.#ask();
  }

  /** The reader went back or forward. */
  #returned() {
    const words = new URLSearchParams(location.search);
    for (const name of NOT_SHOWN) words.delete(name);
    this.query = words.size ? `?${words}` : "";
    this.form.restore(words);
    this.form.blame({});
    this.#ask();
  }

  /** Follow the picture that the URL means, if there can be one. */
  #ask() {
    const lacks = this.form.lacks();
    this.#news = null;
    if (lacks.length) this.follower.stop();
    else this.follower.follow(this.url);
    this.#say(lacks.length ? `Fill in ${lacks.map((label) => `“${label}”`).join(" and ")} to see this plot.` : "");
    this.#point();
    find(document, "#links", HTMLElement).hidden = lacks.length > 0;
    this.#tell();
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
    this.#link = link;
    if (link === "offline") this.#news = null; // whatever was said may be wrong by now
    if (link === "live") void setClock();
    this.#tell();
  }

  /** @param {import("./socket.js").News} news */
  #heard(news) {
    this.#news = news;
    if (news.state === "fresh" && this.picture.isShown(news.url, news.etag)) this.#recovered();
    if (news.state === "stale") this.#failed(news.error ?? { code: "plot_failed", message: "" }, news.url);
    if (news.state === "gone") this.trouble.show({ code: "gone", message: GONE });
    this.#tell();
  }

  #recovered() {
    this.trouble.hide();
    this.form.blame({});
    this.#say("");
  }

  /** Another picture is seen. @param {import("./picture.js").Shown} shown */
  #seen(shown) {
    find(this.figure, ".room", HTMLCanvasElement).hidden = true;
    if (shown.url === this.url && this.#news?.state !== "stale") this.#recovered();
    void this.output?.update();
    this.#tell();
  }

  /**
   * The picture that was said to be there isn't.
   * @param {import("./picture.js").Trouble} why
   * @param {string} url
   */
  #refused(why, url) {
    if (url !== this.url) return;
    this.#news = { url, etag: null, state: "stale", error: why };
    this.#blame(why);
    this.#tell();
  }

  /**
   * There is no new picture: say why, and learn the rest.
   * @param {import("./picture.js").Trouble} why
   * @param {string} url
   */
  async #failed(why, url) {
    if (url !== this.url) return;
    this.#blame(why);
    const told = await this.#learn();
    const last = told?.error ?? told?.last_render?.error;
    const isStill = url === this.url && this.#news?.state !== "fresh";
    if (last && isStill && last.code === why.code) this.#blame(last);
    this.output?.tell(told);
  }

  /** @param {import("./picture.js").Trouble} why */
  #blame(why) {
    if (why.fields) this.form.blame(why.fields);
    if (why.code === "bad_parameter") {
      this.trouble.hide();
      this.#say("Some of the settings can't be drawn.");
    } else {
      this.trouble.show(why);
      this.#say(this.picture.shown ? "" : "There is no picture yet.");
    }
  }

  /** Return what the daemon tells of the plot and its last render, its failure included; null if it can't. */
  async #learn() {
    const response = await fetch(`${this.base}.json${this.query}`).catch(() => null);
    const told = await response?.json().catch(() => null);
    if (typeof told?.note === "string") tellPlace(told.note);
    return told;
  }

  /** Say something in the picture's place; nothing, if it is empty. @param {string} text */
  #say(text) {
    this.note.textContent = text;
    this.note.hidden = text === "";
  }

  /** Tell the state of what is seen. */
  #tell() {
    const { shown } = this.picture;
    this.line.state = this.#state();
    this.line.tell(shown);
    this.figure.classList.toggle("outdated", shown !== null && shown.url !== this.url);
  }

  /** @returns {import("./status.js").State} */
  #state() {
    const news = this.#news;
    if (this.#link === "offline") return "offline";
    if (this.form.lacks().length || news?.error?.code === "bad_parameter") return "waiting";
    if (news === null) return "connecting";
    if (news.state === "stale" && !this.picture.shown) return "failed";
    if (news.state !== "fresh") return news.state;
    return this.picture.isShown(news.url, news.etag) ? "live" : "rendering";
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
    if (form.dataset.key === this.form.element.dataset.key) return;
    this.form.replace(form);
    this.#ask();
  }
}

/** Say where the plot is drawn, if that is special. @param {string} text */
function tellPlace(text) {
  const line = find(document, "#place", HTMLElement);
  write(line, text);
  line.hidden = text === "";
}

/** @param {Event} event */
async function copyAddress(event) {
  const address = find(document, "#address", HTMLInputElement);
  const button = event.currentTarget;
  address.select();
  // Only https and loopback may use the clipboard; elsewhere the old way still works.
  const isCopied = await navigator.clipboard?.writeText(address.value).then(() => true, () => false);
  if (!isCopied) document.execCommand("copy");
  if (!(button instanceof HTMLButtonElement)) return;
  button.textContent = "Copied";
  window.setTimeout(() => (button.textContent = "Copy"), 1500);
}

new PlotPage();

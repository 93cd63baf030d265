/** A picture among others: live while it's in view, with its age and what is wrong with it. */

import { ago } from "./clock.js";
import { Follower } from "./follower.js";
import { find, write } from "./page.js";
import { Picture } from "./picture.js";
import { t, tell } from "./words.js";

/** @typedef {import("./socket.js").News} News */
/** @typedef {{url: string, etag?: string}} Wanted the picture to show, and its etag when the page was made */

export class Tile {
  /** @type {News | null} */
  #news = null;
  /** @type {Picture | null} */
  picture = null;
  isTooLarge = false; // whether the daemon refuses to draw it as its author made it
  /** @type {Follower | null} */
  #follower = null;

  /**
   * @param {HTMLElement} element
   * @param {import("./socket.js").LiveSocket} socket
   * @param {(tile: Tile) => Wanted} wanted tells what it is to show now
   */
  constructor(element, socket, wanted) {
    this.element = element;
    this.wanted = wanted;
    const image = element.querySelector("img.live");
    if (!(image instanceof HTMLImageElement)) return; // there is no picture of it, and a note says why
    this.picture = new Picture(image, "", () => this.#seen(), (trouble) => this.#say("trouble", tell(trouble)));
    this.#follower = new Follower(socket, this.picture, (news) => this.#shrinks(news) || this.#hear(news));
  }

  /** Whether it's live. */
  get isFollowed() {
    return typeof this.#follower?.url === "string";
  }

  /** @param {boolean} isInView */
  see(isInView) {
    if (this.picture === null) return;
    if (!isInView) this.#follower?.stop();
    else {
      const { url, etag } = this.wanted(this);
      if (etag && this.picture.shown === null) void this.picture.show(url, etag);
      this.#follower?.follow(url);
    }
    this.age();
  }

  /** Show what is wanted by now. */
  turn() {
    if (this.isFollowed) this.see(true);
  }

  /** Say how old the picture is. */
  age() {
    const shown = this.picture?.shown;
    if (!shown || !this.isFollowed) return;
    write(find(this.element, ".age", HTMLElement), Number.isNaN(shown.atMs) ? "" : ago(shown.atMs));
  }

  /** @param {News} news */
  #hear(news) {
    this.#news = news;
    this.element.dataset.state = news.state === "fresh" ? "live" : news.state;
    if (news.state === "stale") this.#say("trouble", news.error ? tell(news.error) : t("The last render failed"));
    if (news.state === "gone") this.#say("trouble", t("This plot is gone"));
    if (news.state === "fresh" && this.picture?.isShown(news.url, news.etag)) this.#say("trouble", "");
    this.#say("note", news.state === "rendering" && !this.picture?.shown ? t("Drawing…") : "");
  }

  /** Show a smaller picture, if that is what it takes and there is one. @param {News} news */
  #shrinks({ url, error }) {
    if (error?.code !== "too_large") return false;
    this.isTooLarge = true;
    this.turn();
    return this.#follower?.url !== url;
  }

  /** Another picture is seen. */
  #seen() {
    this.#say("note", "");
    if (this.#news?.state !== "stale") this.#say("trouble", "");
    this.age();
  }

  /**
   * Show *text* over the picture, or nothing.
   * @param {"note" | "trouble"} kind
   * @param {string} text
   */
  #say(kind, text) {
    const thumb = find(this.element, ".thumb", HTMLElement);
    const line = thumb.querySelector(`.${kind}`) ?? document.createElement("p");
    if (line.textContent !== text) line.textContent = text;
    if (text === "") line.remove();
    else if (!line.isConnected) {
      line.className = kind;
      thumb.append(line);
    }
  }
}

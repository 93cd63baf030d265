/** The gallery: thumbnails that are live while they are in view, search, and plots that come and go. */

import { ago, everySecond, setClock } from "./clock.js";
import { Follower } from "./follower.js";
import { find, freshPage } from "./page.js";
import { Picture } from "./picture.js";
import { LiveSocket } from "./socket.js";
import { StatusLine } from "./status.js";

const MARGIN = "300px"; // a thumbnail is fetched a little before it comes into view

class Tile {
  /** @type {import("./socket.js").News | null} */
  #news = null;

  /**
   * @param {HTMLElement} element
   * @param {LiveSocket} socket
   */
  constructor(element, socket) {
    this.element = element;
    this.url = element.dataset.url;
    if (this.url === undefined) return;
    const image = find(element, "img.live", HTMLImageElement);
    this.picture = new Picture(image, this.url, () => this.#seen(), (trouble) => this.#say("trouble", trouble.message));
    this.follower = new Follower(socket, this.picture, (news) => this.#hear(news));
  }

  /** @param {boolean} isInView */
  see(isInView) {
    if (this.url === undefined) return;
    if (isInView) this.follower?.follow(this.url);
    else this.follower?.stop();
    this.age();
  }

  /** Say how old the picture is. */
  age() {
    const shown = this.picture?.shown;
    if (!shown || this.follower?.url === null) return;
    const text = Number.isNaN(shown.atMs) ? "" : ago(shown.atMs);
    const age = find(this.element, ".age", HTMLElement);
    if (age.textContent !== text) age.textContent = text;
  }

  /** @param {import("./socket.js").News} news */
  #hear(news) {
    this.#news = news;
    if (news.state === "stale") this.#say("trouble", news.error?.message ?? "The last render failed");
    if (news.state === "fresh" && this.picture?.isShown(news.url, news.etag)) this.#say("trouble", "");
    this.#say("note", news.state === "rendering" && !this.picture?.shown ? "Drawing…" : "");
  }

  /** Another picture is seen. */
  #seen() {
    this.#say("note", "");
    if (this.#news?.state !== "stale") this.#say("trouble", "");
    this.age();
  }

  /**
   * Show *text* over the thumbnail, or nothing.
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

class Gallery {
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  #isRefreshing = false;
  #isOutdated = false;

  constructor() {
    this.main = find(document, "main", HTMLElement);
    this.search = find(document, "#search", HTMLInputElement);
    const line = new StatusLine(find(document, "#state", HTMLElement));
    this.socket = new LiveSocket((link) => {
      line.state = link;
      if (link === "live") void setClock();
    }, () => void this.refresh());
    this.observer = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: MARGIN });
    this.search.addEventListener("input", () => this.#searched());
    this.search.form?.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("popstate", () => this.#returned());
    everySecond(() => this.#tiles.forEach((tile) => tile.age()));
    this.#adopt();
  }

  /** Take in what the daemon would send now, one look at a time; what is the same stays as it is. */
  async refresh() {
    this.#isOutdated = true;
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    while (this.#isOutdated) {
      this.#isOutdated = false;
      const fresh = (await freshPage())?.querySelector("main");
      if (fresh && fresh.dataset.catalog !== this.main.dataset.catalog) this.#replace(document.importNode(fresh, true));
    }
    this.#isRefreshing = false;
  }

  /** @param {HTMLElement} fresh */
  #replace(fresh) {
    const focused = document.activeElement;
    for (const element of tilesOf(fresh)) {
      const old = this.#tiles.get(element.dataset.name ?? "");
      if (old && old.element.dataset.key === element.dataset.key) element.replaceWith(old.element);
    }
    for (const details of fresh.querySelectorAll("details")) {
      const mark = details.id ? `#${details.id}` : `[data-place="${CSS.escape(details.dataset.place ?? "")}"]`;
      const old = this.main.querySelector(mark);
      if (old instanceof HTMLDetailsElement) details.open = old.open;
    }
    Object.assign(this.main.dataset, fresh.dataset);
    this.main.replaceChildren(...fresh.childNodes);
    this.#adopt();
    if (focused instanceof HTMLElement && focused.isConnected) focused.focus({ preventScroll: true });
  }

  /** Take up the tiles that are new, and forget those that are gone. */
  #adopt() {
    const elements = new Set(tilesOf(this.main));
    for (const [name, tile] of this.#tiles) {
      if (elements.has(tile.element)) continue;
      tile.see(false);
      this.observer.unobserve(tile.element);
      this.#tiles.delete(name);
    }
    for (const element of elements) {
      const name = element.dataset.name ?? "";
      if (this.#tiles.has(name)) continue;
      this.#tiles.set(name, new Tile(element, this.socket));
      this.observer.observe(element);
    }
    this.#filter();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #see(entries) {
    for (const { target, isIntersecting } of entries) {
      if (target instanceof HTMLElement) this.#tiles.get(target.dataset.name ?? "")?.see(isIntersecting);
    }
  }

  #searched() {
    const query = this.search.value.trim();
    history.replaceState(null, "", query ? `?${new URLSearchParams({ q: query })}` : location.pathname);
    this.#filter();
  }

  #returned() {
    this.search.value = new URLSearchParams(location.search).get("q") ?? "";
    this.#filter();
  }

  /** Show the tiles that hold every word of the search. */
  #filter() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { element } of this.#tiles.values()) {
      element.hidden = !words.every((word) => element.dataset.search?.includes(word));
      shown += element.hidden ? 0 : 1;
    }
    for (const group of this.main.querySelectorAll("section[data-group]")) {
      if (group instanceof HTMLElement) group.hidden = group.querySelector(".tile:not([hidden])") === null;
    }
    const count = this.main.querySelector("#count");
    const all = this.#tiles.size;
    const plots = `${all} plot${all === 1 ? "" : "s"}`;
    if (count) count.textContent = words.length ? `${shown} of ${plots}` : plots;
  }
}

/**
 * @param {HTMLElement} main
 * @returns {HTMLElement[]}
 */
function tilesOf(main) {
  return [...main.querySelectorAll("li.tile")].filter((element) => element instanceof HTMLElement);
}

new Gallery();

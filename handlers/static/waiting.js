/**
 * News of pictures by HTTP alone, for where websockets don't get through: a request waits at the daemon until its
 * picture changes, or for a while. Only headers come back: what the picture looks like is fetched as ever.
 */

import { address, etagOf } from "./http.js";

/** @typedef {import("./socket.js").News} News */

const MOST = 4; // requests at once: a browser opens six connections to a host, for all its pages together
const LONG_S = 25; // how long each waits: proxies cut off after 30 or 60
const SHORT_S = 2; // the same while more pictures are watched than that: they take turns
const SLOW_MS = 300; // how long a first answer may take before one says that it is being drawn
const QUICK_MS = 1000; // an answer that took less hasn't waited, whatever it was asked
const PAUSE_MS = 2000; // after such a one that says nothing new: a cache in between may know of no waiting
const CATALOG_MS = 15_000; // how often to ask which plots there are, and so whether the daemon is there
const ANSWER_MS = 10_000; // how long the answer to that may take

export class Waiting {
  isOn = false;
  /** @type {Map<string, AbortController>} the requests under way, by the picture's URL */
  #asked = new Map();
  /** @type {Map<string, News>} */
  #told = new Map();
  /** @type {Map<string, number>} when to ask for each again, by performance.now() */
  #dueAt = new Map();
  #crowdedUntil = 0;
  #catalog = "";
  #timer = 0;
  #clock = 0;

  /**
   * @param {Map<string, (news: News) => void>} listeners who wants to hear of which picture, by its URL
   * @param {() => void} onCatalog called when plots came, went or were edited
   * @param {() => void} onLost called when the daemon doesn't answer any more
   */
  constructor(listeners, onCatalog, onLost) {
    this.listeners = listeners;
    this.onCatalog = onCatalog;
    this.onLost = onLost;
  }

  /** Whether there ever was an answer, since it's on. */
  get isHeard() {
    return this.#told.size > 0;
  }

  start() {
    if (this.isOn) return;
    this.isOn = true;
    this.#clock = window.setInterval(() => void this.#lookAtCatalog(), CATALOG_MS);
    void this.#lookAtCatalog();
    this.takeUp();
  }

  stop() {
    this.isOn = false;
    window.clearInterval(this.#clock);
    window.clearTimeout(this.#timer);
    for (const url of [...this.#asked.keys()]) this.leave(url);
    this.#told.clear();
    this.#dueAt.clear();
    this.#catalog = "";
  }

  /** Ask for what is watched by now. */
  takeUp() {
    if (!this.isOn) return;
    if (this.listeners.size === MOST + 1) {
      // They take turns from now on: those that wait long end that.
      for (const url of [...this.#asked.keys()]) if (this.#told.has(url)) this.#cut(url);
    }
    this.#fill();
  }

  /** Ask no more for the picture at *url*. @param {string} url */
  leave(url) {
    this.#cut(url);
    this.#told.delete(url);
    this.#dueAt.delete(url);
    if (this.isOn) this.#fill();
  }

  /** @param {string} url */
  #cut(url) {
    this.#asked.get(url)?.abort();
    this.#asked.delete(url);
  }

  /** Ask for as many pictures as may be asked for at once: first for those that were asked for longest ago. */
  #fill() {
    window.clearTimeout(this.#timer);
    const dueAt = (/** @type {string} */ url) => this.#dueAt.get(url) ?? 0;
    const idle = [...this.listeners.keys()].filter((url) => !this.#asked.has(url));
    for (const url of idle.sort((a, b) => dueAt(a) - dueAt(b)).slice(0, MOST - this.#asked.size)) {
      const inMs = dueAt(url) - performance.now();
      if (inMs > 0) {
        this.#timer = window.setTimeout(() => this.#fill(), inMs);
        return;
      }
      void this.#ask(url);
    }
  }

  /** @param {string} url */
  async #ask(url) {
    const turn = new AbortController();
    const askedAt = performance.now();
    this.#asked.set(url, turn);
    const isFirst = !this.#told.has(url);
    const slow = window.setTimeout(() => isFirst && this.#tell({ url, etag: null, state: "rendering" }), SLOW_MS);
    const news = await this.#request(url, turn.signal).catch(() => null);
    window.clearTimeout(slow);
    if (turn.signal.aborted) return;
    this.#asked.delete(url);
    if (news === null) {
      this.onLost();
      return;
    }
    const now = performance.now();
    const isIdle = !this.#tell(news) && now - askedAt < QUICK_MS;
    this.#dueAt.set(url, now + (isIdle ? PAUSE_MS * (0.5 + Math.random()) : 0));
    if (this.isOn) this.#fill();
  }

  /**
   * Return what there is to say of the picture at *url*, once that is something new or the wait is over.
   * @param {string} url
   * @param {AbortSignal} signal
   * @returns {Promise<News>}
   */
  async #request(url, signal) {
    /** @type {Record<string, string>} */
    const headers = {};
    const etag = this.#told.get(url)?.etag;
    if (etag) headers["If-None-Match"] = `"${etag}"`;
    const isWaiting = Boolean(etag) && performance.now() >= this.#crowdedUntil;
    if (isWaiting) headers.Prefer = `wait=${this.listeners.size > MOST ? SHORT_S : LONG_S}`;
    const response = await fetch(url, { method: "HEAD", headers, cache: "no-store", signal });
    if (response.ok || response.status === 304) return newsOf(response.headers, url);
    if (!isWaiting || response.status !== 503) return failureOf(url, signal);
    // Too many wait already: ask without waiting, for as long as the daemon says.
    const seconds = Number(response.headers.get("Retry-After")) || 1;
    this.#crowdedUntil = performance.now() + 1000 * seconds * (1 + Math.random());
    return this.#request(url, signal);
  }

  /** Tell of it, and say whether it was news. @param {News} news */
  #tell(news) {
    if (JSON.stringify(this.#told.get(news.url)) === JSON.stringify(news)) return false;
    this.#told.set(news.url, news);
    this.listeners.get(news.url)?.(news);
    return true;
  }

  async #lookAtCatalog() {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(address("-/plots.json"), { signal }).catch(() => null);
    if (!this.isOn) return;
    if (response === null || response.status >= 500) {
      this.onLost();
      return;
    }
    const etag = etagOf(response.headers);
    if (this.#catalog !== "" && this.#catalog !== etag) this.onCatalog();
    this.#catalog = etag;
  }
}

/**
 * @param {Headers} headers
 * @param {string} url
 * @returns {News}
 */
function newsOf(headers, url) {
  const etag = etagOf(headers);
  if (headers.get("Plotd-State") !== "stale") return { url, etag, state: "fresh" };
  const [, code, message] = /^(\w+); (.*)$/.exec(headers.get("Plotd-Error") ?? "") ?? ["", "plot_failed", ""];
  return { url, etag, state: "stale", error: { code, message: decodeURIComponent(message) } };
}

/**
 * Return why there is no picture at *url*: an answer of headers alone doesn't say. A proxy's own words are no answer.
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<News>}
 */
async function failureOf(url, signal) {
  const response = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store", signal });
  if (response.ok) {
    void response.body?.cancel();
    return newsOf(response.headers, url);
  }
  const { code, message, fields } = (await response.json()).error;
  if (code === "unknown_plot") return { url, etag: null, state: "gone" };
  return { url, etag: null, state: "stale", error: { code, message, fields } };
}

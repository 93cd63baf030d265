/** A live picture in an <img>: swapped only for one that is loaded and decoded. */

import { AltText } from "./alt.js";
import { etagOf, pinned } from "./http.js";

/**
 * @typedef {object} Trouble why there is no new picture
 * @property {string} code
 * @property {string} message
 * @property {Record<string, string>} [fields]
 * @property {string} [traceback]
 */

/**
 * @typedef {object} Shown the picture that is seen
 * @property {string} url
 * @property {string} etag
 * @property {number} atMs when it was drawn, by the daemon's clock
 * @property {number} tookMs how long that took
 */

export class Picture {
  /** @type {{url: string, etag: string | null} | null} */
  #wanted = null;
  /** @type {AbortController | null} */
  #loading = null;
  #loadingUrl = "";
  /** @type {Promise<void> | null} */
  #working = null;
  /** @type {Shown | null} */
  shown = null;

  /**
   * @param {HTMLImageElement} image may show a picture already, under the URL *url*
   * @param {string} url
   * @param {(shown: Shown) => void} onShown called when another picture is seen
   * @param {(trouble: Trouble, url: string) => void} onTrouble called when there was none to show
   */
  constructor(image, url, onShown, onTrouble) {
    this.image = image;
    this.onShown = onShown;
    this.onTrouble = onTrouble;
    this.alt = new AltText(image);
    const { etag, at, took } = image.dataset;
    if (etag) this.shown = { url, etag, atMs: Date.parse(at ?? ""), tookMs: Number(took) };
    image.addEventListener("error", () => (this.shown = null)); // it is to be fetched again
  }

  /**
   * Show the picture at *url*, once it's there; of several that are asked for meanwhile, only the last is fetched.
   * The promise is kept once nothing is on its way any more.
   * @param {string} url
   * @param {string | null} etag that of the newest picture; null if nobody knows
   */
  show(url, etag) {
    this.#wanted = { url, etag };
    if (this.#loading !== null && this.#loadingUrl !== url) this.#loading.abort(); // nobody waits for that any more
    this.#working ??= this.#work();
    return this.#working;
  }

  async #work() {
    await null; // what follows belongs to the promise that show() has by then
    while (this.#wanted !== null) {
      /** @type {{url: string, etag: string | null}} */
      const wanted = this.#wanted;
      this.#wanted = null;
      if (wanted.etag === null || !this.isShown(wanted.url, wanted.etag)) await this.#load(wanted.url, wanted.etag);
    }
    this.#working = null;
  }

  /**
   * @param {string} url
   * @param {string | null} etag
   */
  isShown(url, etag) {
    return this.shown?.url === url && this.shown.etag === etag;
  }

  /**
   * Fetch it, and then let the <img> have it from the browser's cache: an <img> alone would also show a picture that
   * tells of an error, in place of the last good one.
   * @param {string} url
   * @param {string | null} etag
   */
  async #load(url, etag) {
    this.#loading = new AbortController();
    this.#loadingUrl = url;
    try {
      await this.#fetch(url, etag, this.#loading.signal);
    } catch {
      // The daemon is away, or sent half a picture: the socket notices the one, and tells when it's worth another try.
    } finally {
      this.#loading = null;
    }
  }

  /**
   * @param {string} url
   * @param {string | null} etag
   * @param {AbortSignal} signal
   */
  async #fetch(url, etag, signal) {
    const address = etag === null ? url : pinned(url, etag);
    const response = await fetch(address, { signal });
    if (!response.ok) {
      await this.#refused(response, url, etag);
      return;
    }
    const shown = readHeaders(response.headers, url);
    await response.arrayBuffer();
    if (this.isShown(url, shown.etag)) return;
    const next = new Image();
    next.src = etag === null ? pinned(url, shown.etag) : address;
    await next.decode();
    this.#swap(next, url);
    this.shown = shown;
    void this.alt.follow(url, shown.etag);
    this.onShown(shown);
  }

  /**
   * @param {Response} response
   * @param {string} url
   * @param {string | null} etag
   */
  async #refused(response, url, etag) {
    const { error } = await response.json();
    this.onTrouble(error, url);
    if (error.code !== "overloaded") return;
    const waitMs = 1000 * (Number(response.headers.get("Retry-After")) || 1) * (1 + Math.random());
    window.setTimeout(() => {
      if (this.#loadingUrl === url && !this.isShown(url, etag)) this.show(url, etag);
    }, waitMs);
  }

  /**
   * Show *next* in place, in one go with its size.
   * @param {HTMLImageElement} next
   * @param {string} url
   */
  #swap(next, url) {
    const scale = Number(new URL(url, location.href).searchParams.get("_scale")) || 1;
    this.image.width = Math.round(next.naturalWidth / scale);
    this.image.height = Math.round(next.naturalHeight / scale);
    this.image.src = next.src;
    this.image.hidden = false;
  }
}

/**
 * @param {Headers} headers
 * @param {string} url
 * @returns {Shown}
 */
function readHeaders(headers, url) {
  return {
    url,
    etag: etagOf(headers),
    atMs: Date.parse(headers.get("Last-Modified") ?? ""),
    tookMs: Number(/render;dur=([\d.]+)/.exec(headers.get("Server-Timing") ?? "")?.[1] ?? NaN),
  };
}

/** What a picture says to whoever can't see it. It follows the picture, and never holds it up. */

import { etagOf, pinned } from "./http.js";

export class AltText {
  /** @type {{url: string, etag: string} | null} */
  #wanted = null;
  #isAsking = false;

  /** @param {HTMLImageElement} image */
  constructor(image) {
    this.image = image;
  }

  /**
   * Say what the picture at *url* shows; of several that follow each other quickly, only the last is asked for.
   * @param {string} url
   * @param {string} etag
   */
  async follow(url, etag) {
    this.#wanted = { url, etag };
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#wanted !== null) {
      /** @type {{url: string, etag: string}} */
      const picture = this.#wanted;
      this.#wanted = null;
      const text = await textOf(picture.url, picture.etag);
      if (text !== null && this.#wanted === null) this.image.alt = text;
    }
    this.#isAsking = false;
  }
}

/**
 * Return what the picture at *url* that bears *etag* says; null if it can't be had any more.
 * @param {string} url
 * @param {string} etag
 */
async function textOf(url, etag) {
  const address = pinned(url.replace(/\.png(?=$|\?)/, ".txt"), etag);
  const response = await fetch(address, { priority: "low" }).catch(() => null);
  if (!response?.ok || etagOf(response.headers) !== `${etag}-txt`) return null;
  const text = await response.text().catch(() => null);
  return text?.trim() ?? null;
}

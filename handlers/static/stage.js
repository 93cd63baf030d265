/** Where the picture stands: a box that the window gives and no picture moves, in it a frame as large as that is. */

import { find } from "./page.js";
import { density, sizeWords } from "./size.js";

/** @typedef {[string, string][]} Words */

const SETTLED_MS = 300;
const FIXED = ["_width", "_height", "_dpi"]; // words by which somebody said how large the picture is to be

export class Stage {
  /** @type {Words} the words for the size at which the picture is drawn; none: as its author made it */
  size = [];
  #aspect;
  #isTooLarge = false;
  #timer = 0;

  /**
   * @param {HTMLElement} element
   * @param {{words: URLSearchParams, isSlow: boolean}} page what it shows, and whether drawing that takes long
   * @param {() => void} onSize called when the picture is to be drawn at another size
   */
  constructor(element, page, onSize) {
    this.element = element;
    this.page = page;
    this.onSize = onSize;
    this.box = find(element, ".box", HTMLElement);
    this.frame = find(element, ".frame", HTMLElement);
    this.image = find(this.frame, "img.live", HTMLImageElement);
    this.button = find(element, "#redraw", HTMLButtonElement);
    const { width, height, most } = element.dataset;
    this.#aspect = Number(width) / Number(height);
    this.mostPixels = Number(most);
    if (this.image.hidden) this.measure();
    this.fit();
    this.button.addEventListener("click", () => this.#resize());
    new ResizeObserver(() => this.#stirred()).observe(this.box);
    window.addEventListener("resize", () => this.#stirred()); // another screen may be denser
  }

  /** Have the next picture drawn for the window as it is now. */
  measure() {
    this.#isTooLarge = false;
    this.button.hidden = true;
    this.size = this.#wanted();
  }

  /** Have it drawn as large as its author made it: the daemon refuses to draw it for this window. */
  shrink() {
    this.#isTooLarge = true;
    this.#resize();
  }

  /** Make the frame as large as the picture in it: as the box lets it be, or as the words say. */
  fit() {
    const [width, height] = ["width", "height"].map((name) => Number(this.image.getAttribute(name))); // CSS has its own
    if (width && height) this.#aspect = width / height;
    this.frame.style.setProperty("--aspect", String(this.#aspect));
    if (width && isFixed(this.page.words)) this.frame.style.setProperty("--own", `${width}px`);
    else this.frame.style.removeProperty("--own");
  }

  #stirred() {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#settled(), SETTLED_MS);
  }

  /** Have the picture drawn for the window as it is now, unless that takes long: then offer it. */
  #settled() {
    if (!this.page.isSlow) this.#resize();
    else this.button.hidden = String(this.#wanted()) === String(this.size);
  }

  #resize() {
    this.button.hidden = true;
    const size = this.#wanted();
    if (String(size) === String(this.size)) return;
    this.size = size;
    this.onSize();
  }

  /** Return the words for a picture as large as the box, at the screen's own density. @returns {Words} */
  #wanted() {
    const { words } = this.page;
    if (this.#isTooLarge) return [];
    /** @type {Words} */
    const all = isFixed(words)
      ? [["_scale", String(density())]]
      : sizeWords(this.#widthPx(), this.#aspect, this.mostPixels);
    return all.filter(([name]) => !words.get(name));
  }

  #widthPx() {
    return Math.min(this.box.clientWidth, this.box.clientHeight * this.#aspect);
  }
}

/** @param {URLSearchParams} words */
function isFixed(words) {
  return FIXED.some((name) => words.get(name));
}

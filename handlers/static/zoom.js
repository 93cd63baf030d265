/** Looking closer at a picture: what that takes is fetched once somebody points at one, or asks for it by a key. */

import { t } from "./words.js";

/** @typedef {import("./picture.js").Shown} Shown */

/**
 * @typedef {object} Page
 * @property {Map<string, string>} view the words that limit the axes, by their names
 * @property {(view: Map<string, string>, step: "new" | "more") => void} look
 * @property {{shown: Shown | null}} picture
 */

const STEP = 0.1; // of what is seen, for each press of an arrow
/** @type {Record<string, [right: number, up: number]>} */
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };

export class Zoom {
  /** @type {import("./lens.js").Lens | null} */
  #lens = null;
  /** @type {Promise<import("./lens.js").Lens> | null} */
  #fetching = null;

  /**
   * @param {HTMLElement} frame just as large as the picture
   * @param {HTMLImageElement} image
   * @param {Page} page
   */
  constructor(frame, image, page) {
    this.frame = frame;
    this.image = image;
    this.page = page;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "reset";
    this.button.textContent = t("Reset view");
    this.button.addEventListener("click", () => {
      frame.focus({ preventScroll: true }); // the button goes
      void this.reset();
    });
    frame.append(this.button);
    frame.tabIndex = 0;
    frame.role = "group";
    frame.ariaLabel = t("Picture: arrow keys move a closer look");
    frame.addEventListener("keydown", (event) => this.#pressed(event));
    frame.addEventListener("pointerenter", (event) => void this.#entered(event));
    window.addEventListener("popstate", () => this.drop());
    this.#tell();
  }

  /** Another picture is seen. @param {Shown} shown */
  seen({ url }) {
    this.#lens?.seen(url);
    this.#tell();
  }

  /** What was asked for isn't to be had, or not wanted any more. */
  drop() {
    this.#lens?.drop();
    this.#tell();
  }

  /** Learn what the picture's pixels mean while the daemon can still tell: of an earlier one it can't. */
  async learn() {
    await (await this.#fetch())?.learn();
  }

  /** Look that many times closer. @param {number} factor */
  async by(factor) {
    await (await this.#fetch())?.by(factor);
  }

  /**
   * Look further right and up, by shares of what is seen.
   * @param {number} right
   * @param {number} up
   */
  async pan(right, up) {
    await (await this.#fetch())?.pan(right, up);
  }

  /** See the whole again. */
  async reset() {
    (await this.#fetch())?.reset();
  }

  /** Return what does the work; null while the daemon is away. */
  #fetch() {
    this.#fetching ??= import("./lens.js").then(({ Lens }) => new Lens(this.frame, this.image, this.page));
    return this.#fetching.then(
      (lens) => (this.#lens = lens),
      () => (this.#fetching = null),
    );
  }

  /** Arrows scroll the page, unless they can move a closer look. @param {KeyboardEvent} event */
  #pressed(event) {
    const way = ARROWS[event.key];
    if (!way || this.page.view.size === 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    void this.pan(...way);
  }

  /**
   * Fetch what does the work, and let it know where somebody points by then, or began to drag.
   * @param {PointerEvent} event
   */
  async #entered(event) {
    if (this.#fetching) return;
    /** @type {PointerEvent | null} */
    let last = event;
    /** @type {PointerEvent | null} */
    let pressed = null;
    const over = new AbortController();
    if (event.pointerType !== "touch") { // a tap says no more
      this.frame.addEventListener("pointermove", (next) => (last = next), over);
      this.frame.addEventListener("pointerleave", () => (last = null), over);
      this.frame.addEventListener("pointerdown", (next) => (pressed = next), over);
      this.frame.addEventListener("dragstart", (next) => next.preventDefault(), over);
      window.addEventListener("pointerup", () => (pressed = null), over);
    }
    const lens = await this.#fetch();
    await lens?.learn();
    over.abort();
    if (pressed) retold(pressed);
    else if (last) lens?.hover(last);
  }

  #tell() {
    this.button.hidden = this.page.view.size === 0;
  }
}

/** Tell once more of what nobody heard. @param {PointerEvent} event */
function retold(event) {
  event.target?.dispatchEvent(new PointerEvent(event.type, event));
}

/** Return the words of a picture's address that limit its axes. @param {string} url */
export function viewOf(url) {
  return new Map([...new URL(url, location.href).searchParams].filter(([name]) => /^_[xy]lim/.test(name)));
}

/** @param {Map<string, string>} one @param {Map<string, string>} other */
export function isSame(one, other) {
  return one.size === other.size && [...one].every(([name, word]) => other.get(name) === word);
}

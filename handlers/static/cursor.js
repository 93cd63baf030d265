/** What is under the cursor, in the data's own units, and the point nearest to it. For eyes: `.txt` is for ears. */

import { Nearest } from "./nearest.js";
import { t } from "./words.js";

/** @typedef {import("./axes.js").Axes} Axes */
/** @typedef {import("./axes.js").Axis} Axis */
/** @typedef {import("./axes.js").Point} Point */

const DWELL_MS = 250; // how long one must look before the numbers are fetched
const LONGEST_LABEL = 28;
const BESIDE_PX = 14; // the words stand this far from the cursor

export class Cursor {
  /** @type {(() => void) | null} what to show again once there are numbers */
  #again = null;
  #dwell = 0;
  #isStaying = false;

  /** @param {HTMLElement} frame */
  constructor(frame) {
    this.frame = frame;
    this.words = element("dl", "readout");
    this.ring = element("div", "ring");
    frame.append(this.ring, this.words);
    this.nearest = new Nearest(() => this.#again?.());
  }

  hide() {
    window.clearTimeout(this.#dwell);
    this.#dwell = 0;
    this.#isStaying = false;
    this.#again = null;
    this.words.hidden = true;
    this.ring.hidden = true;
  }

  /**
   * Say what is at *pixel*.
   * @param {import("./lens.js").Base} base
   * @param {Point} pixel
   * @param {number} ratio of the picture's pixels to CSS pixels
   * @param {number} reach how far off a point may be, in CSS pixels
   */
  show(base, pixel, ratio, reach) {
    const under = base.chart.under(pixel).filter((axes) => axes.holds(pixel));
    const rows = under.length > 0 ? coordinates(under, pixel, ratio) : [];
    if (rows.length === 0) {
      this.hide();
      return;
    }
    this.#again = () => this.show(base, pixel, ratio, reach);
    if (this.#isStaying) void this.nearest.learn(base);
    else if (this.#dwell === 0) this.#dwell = window.setTimeout(() => this.#stay(), DWELL_MS);
    const point = this.nearest.find(base.chart, under, pixel, reach * ratio);
    this.ring.hidden = !point?.pixel;
    if (point) rows.push(["series", point.series], ...point.values);
    if (point?.pixel) this.ring.style.translate = point.pixel.map((edge) => `${edge / ratio}px`).join(" ");
    this.#write(rows);
    this.#place(pixel[0] / ratio, pixel[1] / ratio);
  }

  #stay() {
    this.#isStaying = true;
    this.#again?.();
  }

  /** @param {[label: string, value: string][]} rows */
  #write(rows) {
    const parts = rows.flatMap(([label, value]) => {
      const [name, words] = [element("dt", ""), element("dd", "")];
      name.textContent = label === "series" ? "" : label;
      words.textContent = value;
      if (label === "series") words.className = "series";
      return label === "series" ? [words] : [name, words];
    });
    for (const part of parts) part.hidden = false;
    this.words.replaceChildren(...parts);
    this.words.hidden = false;
  }

  /** Put the words beside the cursor, wherever there is room. @param {number} x @param {number} y */
  #place(x, y) {
    const { clientWidth, clientHeight } = this.frame;
    const { offsetWidth, offsetHeight } = this.words;
    const left = x + BESIDE_PX + offsetWidth <= clientWidth ? x + BESIDE_PX : x - BESIDE_PX - offsetWidth;
    const top = y + BESIDE_PX + offsetHeight <= clientHeight ? y + BESIDE_PX : y - BESIDE_PX - offsetHeight;
    const inside = (/** @type {number} */ edge, /** @type {number} */ most) => Math.max(0, Math.min(edge, most));
    const [across, down] = [inside(left, clientWidth - offsetWidth), inside(top, clientHeight - offsetHeight)];
    this.words.style.translate = `${Math.round(across)}px ${Math.round(down)}px`;
  }
}

/**
 * Return what the axes that lie there say of a pixel: what twins share, once.
 * @param {Axes[]} all
 * @param {Point} pixel
 * @param {number} ratio
 * @returns {[label: string, value: string][]}
 */
function coordinates(all, pixel, ratio) {
  const letters = /** @type {const} */ (["x", "y"]);
  return letters.flatMap((letter) => {
    const telling = all.filter((axes) => tells(axes, letter));
    telling.sort((one, other) => Number(!labelOf(one[letter])) - Number(!labelOf(other[letter])));
    const different = telling.filter((axes, i) => telling.findIndex((one) => isShared(one, axes, letter)) === i);
    return different.map((axes, i) => {
      const axis = axes[letter];
      const share = axes.shares(pixel)[letter === "x" ? 0 : 1];
      const length = letter === "x" ? axes.width : axes.height;
      const label = labelOf(axis) || (i === 0 ? letter : t("{letter}, other side", { letter }));
      return /** @type {[string, string]} */ ([label, axis.say(axis.at(share), axis.step(share, length / ratio))]);
    });
  });
}

/** @param {Axes} one @param {Axes} other @param {"x" | "y"} letter */
function isShared(one, other, letter) {
  return one[letter].word === other[letter].word;
}

/** Whether that direction of *axes* means anything. @param {Axes} axes @param {"x" | "y"} letter */
function tells(axes, letter) {
  const isAcross = axes.isColorbar && (letter === "x") === axes.width < axes.height;
  return axes[letter].isKnown && !isAcross;
}

/** Return its label, if that is short and plain. @param {Axis} axis */
function labelOf({ label }) {
  const isPlain = label.length <= LONGEST_LABEL && !/[$\n]/.test(label);
  return isPlain ? label : "";
}

/** @param {string} name @param {string} kind */
function element(name, kind) {
  const made = document.createElement(name);
  made.className = kind;
  made.setAttribute("aria-hidden", "true");
  made.hidden = true;
  return made;
}

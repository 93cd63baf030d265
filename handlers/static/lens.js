/**
 * What looking closer means for the limits of a picture's axes. The daemon draws what is asked for; until that is
 * there, a scaled copy of what is seen stands in its place.
 */

import { Chart } from "./axes.js";
import { Cursor } from "./cursor.js";
import { Gestures } from "./gestures.js";
import { Preview } from "./preview.js";
import { isSame, viewOf } from "./zoom.js";

/** @typedef {import("./axes.js").Axes} Axes */
/** @typedef {import("./axes.js").Letter} Letter */
/** @typedef {import("./axes.js").Point} Point */
/** @typedef {import("./axes.js").Span} Span */

/** @typedef {{axes: Axes[], letters: Letter[]}} Target what a gesture is about */

/**
 * @typedef {object} Base the picture that gestures go by
 * @property {string} url
 * @property {string} etag
 * @property {number} width in its own pixels
 * @property {number} rows how many numbers are behind it
 * @property {Chart} chart
 */

const PAUSE_MS = 150; // how long a gesture rests before the daemon is asked to draw
/** @type {Record<string, number>} */
const REACH_PX = { mouse: 14, pen: 18, touch: 28 }; // how far off a point may be that is pointed at
const TOGETHER_MS = 800; // what follows this soon is the same step of the history
/** @type {Span} */
const ALL = [0, 1];

export class Lens {
  /** @type {Base | null} */
  #base = null;
  /** @type {Map<string, Span>} what is to be seen, as shares of the base's axes, by their words; the rest stays */
  #aim = new Map();
  #isThere = false; // whether what is aimed at is seen by now
  /** @type {Map<string, Point>} the limits of the whole, by the same words */
  #whole = new Map();
  /** @type {Promise<void> | null} */
  #learning = null;
  /** @type {PointerEvent | null} where somebody points */
  #hover = null;
  /** @type {"new" | "more"} */
  #step = "new";
  #pause = 0;
  #together = 0;

  /**
   * @param {HTMLElement} frame just as large as the picture
   * @param {HTMLImageElement} image
   * @param {import("./zoom.js").Page} page
   */
  constructor(frame, image, page) {
    this.image = image;
    this.page = page;
    this.preview = new Preview(image);
    this.cursor = new Cursor(frame);
    this.gestures = new Gestures(frame, this);
    void this.learn();
  }

  /** What gestures go by: of a picture that just came, the axes of that before. @returns {Chart | null} */
  get chart() {
    const isNear = this.#isKnown || this.#aim.size > 0 || this.#learning !== null;
    return (isNear && this.#base?.chart) || null;
  }

  /** Whether the picture that is seen is that which gestures go by. */
  get #isKnown() {
    return this.#base?.etag === this.page.picture.shown?.etag;
  }

  /** How many pixels of the picture a CSS pixel has. */
  get ratio() {
    return (this.#base?.width ?? 1) / this.image.getBoundingClientRect().width;
  }

  /** Return the pixel of the picture at a place of the window. @param {{clientX: number, clientY: number}} place */
  pixel({ clientX, clientY }) {
    const { left, top } = this.image.getBoundingClientRect();
    return /** @type {Point} */ ([(clientX - left) * this.ratio, (clientY - top) * this.ratio]);
  }

  /** Another picture is seen: what was aimed at, if its address says so. @param {string} url */
  seen(url) {
    this.#isThere = this.#pause === 0 && isSame(viewOf(url), this.page.view);
    if (this.#isThere) this.preview.hide();
    if (this.#hover || this.#aim.size > 0) void this.learn();
  }

  /** Let the picture be seen as it is. */
  drop() {
    window.clearTimeout(this.#pause);
    this.#pause = 0;
    this.#aim.clear();
    this.preview.hide();
  }

  /** Learn what the pixels mean that are seen. */
  learn() {
    this.#learning ??= this.#learn().finally(() => {
      this.#learning = null;
      if (!this.#isKnown) this.cursor.hide(); // nobody can tell
    });
    return this.#learning;
  }

  /** Look that many times closer, at the middle of all axes. @param {number} factor */
  async by(factor) {
    await this.learn();
    this.#change(this.#all, (span) => around(span, 0.5, factor));
  }

  /** Look further right and up, by shares of what is seen of all axes. @param {number} right @param {number} up */
  async pan(right, up) {
    await this.learn();
    this.#change(this.#all, (span, letter) => moved(span, letter === "x" ? right : up));
  }

  /** See the whole again. */
  reset() {
    if (this.page.view.size === 0 && this.#aim.size === 0) return;
    const chart = this.chart;
    this.drop();
    for (const word of chart ? this.page.view.keys() : []) {
      const [axis, limits] = [chart?.axis(word), this.#whole.get(word)];
      if (axis && limits) this.#aim.set(axis.word, [axis.share(limits[0]), axis.share(limits[1])]);
    }
    if (this.#base && this.#aim.size > 0) this.preview.show(this.#base, this.#aim);
    this.cursor.hide();
    this.page.look(new Map(), "new");
  }

  /** A gesture begins: a step of its own. */
  begin() {
    this.#step = "new";
  }

  /** A gesture is over: nothing more is to be waited for. */
  settle() {
    if (this.#pause !== 0) this.#send();
  }

  /**
   * Look that many times closer, and let what is at *pixel* stay there.
   * @param {Target} target
   * @param {Point} pixel
   * @param {number} factor
   */
  magnify(target, pixel, factor) {
    const [x, y] = target.axes[0].shares(pixel);
    this.#change(target, (span, letter) => around(span, letter === "x" ? x : y, factor));
  }

  /**
   * Let what is seen follow a pointer that went so many pixels right and down.
   * @param {Target} target
   * @param {Point} way
   */
  shift(target, [right, down]) {
    const { width, height } = target.axes[0];
    this.#change(target, (span, letter) => moved(span, letter === "x" ? -right / width : down / height));
  }

  /**
   * Look at what is between two pixels, and no more.
   * @param {Target} target
   * @param {Point} from
   * @param {Point} to
   */
  select(target, from, to) {
    const [first, last] = [target.axes[0].shares(from), target.axes[0].shares(to)];
    const parts = first.map((share, i) => [share, last[i]].sort((one, other) => one - other));
    if (target.axes.some((axes) => axes.isFixed)) widen(parts);
    this.#change(target, (span, letter) => {
      const [low, high] = parts[letter === "x" ? 0 : 1];
      const length = span[1] - span[0];
      return [span[0] + low * length, span[0] + high * length];
    });
  }

  /** Somebody points there, or to nothing. @param {PointerEvent | null} at */
  hover(at) {
    this.#hover = at;
    if (at === null) this.cursor.hide();
    else if (this.#isKnown) this.#point();
    else void this.learn();
  }

  /** @returns {Target} */
  get #all() {
    return { axes: this.chart?.flat ?? [], letters: ["x", "y"] };
  }

  #point() {
    if (!this.#hover || !this.#base || !this.#isKnown) return;
    if (this.#aim.size > 0) this.cursor.hide(); // another picture is on its way
    else this.cursor.show(this.#base, this.pixel(this.#hover), this.ratio, REACH_PX[this.#hover.pointerType] ?? 14);
  }

  /**
   * @param {Target} target
   * @param {(span: Span, letter: Letter) => Span} change
   */
  #change({ axes, letters }, change) {
    const pairs = letters.flatMap((letter) => axes.map((one) => one[letter]));
    const axis = new Map(pairs.map((one) => [one.word, one]));
    const spans = [...axis.values()].map((one) => {
      const span = change(this.#aim.get(one.word) ?? ALL, one.letter);
      return { word: one.word, span, isPossible: one.isKnown && one.spell(span) !== null };
    });
    if (!this.#base || spans.length === 0 || !spans.every((one) => one.isPossible)) return;
    for (const { word, span } of spans) this.#aim.set(word, span);
    this.#isThere = false;
    this.cursor.hide();
    this.preview.show(this.#base, this.#aim);
    window.clearTimeout(this.#pause);
    window.clearTimeout(this.#together);
    this.#pause = window.setTimeout(() => this.#send(), PAUSE_MS);
    this.#together = window.setTimeout(() => (this.#step = "new"), TOGETHER_MS);
  }

  /** Ask for what is aimed at. */
  #send() {
    window.clearTimeout(this.#pause);
    this.#pause = 0;
    const view = new Map(this.page.view);
    for (const [word, span] of this.#aim) {
      const axis = this.#base?.chart.axis(word);
      const spelt = axis?.spell(span);
      if (!axis || !spelt) continue;
      for (const one of this.#base?.chart.all ?? []) {
        if (one[axis.letter].word === word) view.delete(`_${axis.letter}lim.${one.number}`); // they share it
      }
      view.set(word, spelt);
    }
    this.page.look(view, this.#step);
    this.#step = "more";
  }

  async #learn() {
    for (let asked = null, { shown } = this.page.picture; shown !== asked; { shown } = this.page.picture) {
      asked = shown;
      if (shown === null || shown.etag === this.#base?.etag) continue;
      const told = await described(shown.url);
      const { etag, size, rows } = told?.last_render ?? {};
      if (!size || etag !== this.page.picture.shown?.etag) continue; // the picture that it tells of is yet to be seen
      this.#take({ url: shown.url, etag, width: size.width, rows, chart: new Chart(told.axes) });
    }
  }

  /** Go by another picture from now on. @param {Base} base */
  #take(base) {
    const before = this.#base?.chart;
    this.#base = base;
    if (this.#isThere) this.#aim.clear();
    for (const [word, span] of [...this.#aim]) {
      const [old, axis] = [before?.axis(word), base.chart.axis(word)];
      if (old && axis) this.#aim.set(word, [axis.share(old.at(span[0])), axis.share(old.at(span[1]))]);
      else this.#aim.delete(word);
    }
    const both = base.chart.flat.flatMap(({ x, y }) => [x, y]);
    if (viewOf(base.url).size === 0) this.#whole = new Map(both.map((axis) => [axis.word, axis.limits]));
    if (this.#aim.size > 0) this.preview.show(base, this.#aim);
    this.#point();
  }
}

/** @param {Span} span @param {number} share that stays @param {number} factor @returns {Span} */
function around([start, end], share, factor) {
  const pivot = start + share * (end - start);
  return [pivot + (start - pivot) / factor, pivot + (end - pivot) / factor];
}

/** @param {Span} span @param {number} share of its length @returns {Span} */
function moved([start, end], share) {
  const way = share * (end - start);
  return [start + way, end + way];
}

/** Make the shorter of two parts as long as the other, around its middle. @param {number[][]} parts */
function widen(parts) {
  const half = Math.max(...parts.map(([low, high]) => (high - low) / 2));
  for (const part of parts) {
    const middle = (part[0] + part[1]) / 2;
    part.splice(0, 2, middle - half, middle + half);
  }
}

/** Return what the daemon tells of the picture at *url*; null if it can't. @param {string} url */
async function described(url) {
  const response = await fetch(url.replace(/\.png(?=$|\?)/, ".json")).catch(() => null);
  return response?.ok ? response.json().catch(() => null) : null;
}

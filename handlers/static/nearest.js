/** The numbers behind a picture, from its `.csv`, and which of them is nearest to a pixel. */

import { pinned } from "./http.js";

/** @typedef {import("./axes.js").Axes} Axes */
/** @typedef {import("./axes.js").Axis} Axis */
/** @typedef {import("./axes.js").Chart} Chart */
/** @typedef {import("./axes.js").Point} Point */

/**
 * @typedef {object} Series
 * @property {number} axes
 * @property {string} name
 * @property {string[][]} rows x, y and perhaps a value
 */

/**
 * @typedef {object} Near
 * @property {string} series
 * @property {[label: string, value: string][]} values
 * @property {Point | null} pixel where that is; null if it can't be seen
 */

const MOST_ROWS = 50_000; // of more, nobody could tell the points apart

export class Nearest {
  /** @type {Series[]} */
  #series = [];
  /** @type {Placed[]} */
  #placed = [];
  /** @type {Chart | null} that for which they were placed */
  #chart = null;
  #etag = "";

  /** @param {() => void} onLearnt called when there are other numbers */
  constructor(onLearnt) {
    this.onLearnt = onLearnt;
  }

  /** Fetch the numbers behind that picture. @param {import("./lens.js").Base} base */
  async learn({ url, etag, rows }) {
    if (this.#etag === etag) return;
    this.#etag = etag;
    const text = rows > 0 && rows <= MOST_ROWS ? await read(pinned(url.replace(/\.png(?=$|\?)/, ".csv"), etag)) : "";
    if (this.#etag !== etag) return; // another picture is seen by now
    this.#series = [...seriesIn(text)];
    this.#chart = null;
    this.onLearnt();
  }

  /**
   * Return the point of *under* that is meant by *pixel*: one within *reach*, or the next on a line that goes there.
   * @param {Chart} chart
   * @param {Axes[]} under
   * @param {Point} pixel
   * @param {number} reach in the picture's pixels
   * @returns {Near | null}
   */
  find(chart, under, pixel, reach) {
    if (this.#chart !== chart) this.#placed = this.#series.flatMap((series) => place(series, chart.all[series.axes]));
    this.#chart = chart;
    const here = this.#placed.filter(({ axes }) => under.includes(axes));
    const found = here.map((placed) => ({ placed, ...placed.nearest(pixel) }));
    const isMeant = (/** @type {Placed} */ placed) => placed.isEverywhere || placed.passes(pixel, reach / 2);
    const meant = found.filter(({ far, placed }) => far <= reach || isMeant(placed));
    const [best] = meant.sort((one, other) => one.far - other.far);
    return best ? best.placed.tell(best.index) : null;
  }
}

/** A series where it is in the picture. */
class Placed {
  /**
   * @param {Series} series
   * @param {Axes} axes
   */
  constructor(series, axes) {
    this.series = series;
    this.axes = axes;
    const [x, y] = [reader(axes.x), reader(axes.y)];
    const points = series.rows.map((row) => axes.pixel(x(row[0]), y(row[1])));
    this.x = Float64Array.from(points, (point) => point[0]);
    this.y = Float64Array.from(points, (point) => point[1]);
    this.isLine = this.x.length > 1 && (this.x.every(isNoLess) || this.x.every(isNoMore)); // else maybe just points
    const [columns, rows] = [new Set(this.x).size, new Set(this.y).size];
    const isGrid = columns > 1 && rows > 1 && columns * rows === this.x.length;
    /** Whether it has something to say of every pixel, as an image has, and whatever stands at a name. */
    this.isEverywhere = isGrid || axes.x.isNamed || axes.y.isNamed;
    const [one, other] = [axes.pixel(0, 0), axes.pixel(0.5, 0.5)];
    /** How far off a point may be in each direction: not beyond its own category. */
    this.most = [axes.x, axes.y].map((axis, i) => (axis.isNamed ? Math.abs(other[i] - one[i]) : Infinity));
  }

  /** @param {Point} pixel */
  nearest([x, y]) {
    let [index, least] = [-1, Infinity];
    for (let i = 0; i < this.x.length; i += 1) {
      const [right, down] = [Math.abs(this.x[i] - x), Math.abs(this.y[i] - y)];
      const far = right ** 2 + down ** 2;
      const isHere = right <= this.most[0] && down <= this.most[1] && (this.isEverywhere || this.#isSeen(i));
      if (far < least && isHere) [index, least] = [i, far];
    }
    return { index, far: Math.sqrt(least) };
  }

  /**
   * Whether there is a line that joins the points, and comes within *reach* of a pixel.
   * @param {Point} pixel
   * @param {number} reach
   */
  passes([x, y], reach) {
    if (!this.isLine) return false;
    for (let i = 1; i < this.x.length; i += 1) {
      const [x0, y0, x1, y1] = [this.x[i - 1], this.y[i - 1], this.x[i], this.y[i]];
      if (Math.min(x0, x1) > x + reach || Math.max(x0, x1) < x - reach) continue;
      const [wide, high] = [x1 - x0, y1 - y0];
      const along = Math.max(0, Math.min(1, ((x - x0) * wide + (y - y0) * high) / (wide ** 2 + high ** 2 || 1)));
      if (Math.hypot(x0 + along * wide - x, y0 + along * high - y) <= reach) return true;
    }
    return false;
  }

  /** @param {number} index @returns {Near | null} */
  tell(index) {
    if (index < 0) return null;
    const [x, y, value] = this.series.rows[index];
    /** @type {[string, string][]} */
    const values = [["x", told(this.axes.x, x)], ["y", told(this.axes.y, y)]];
    if (value) values.push(["value", short(value)]);
    return { series: this.series.name, values, pixel: this.#isSeen(index) ? [this.x[index], this.y[index]] : null };
  }

  /** @param {number} index */
  #isSeen(index) {
    return this.axes.holds([this.x[index], this.y[index]], 1);
  }
}

/** @param {Series} series @param {Axes | undefined} axes */
function place(series, axes) {
  return axes?.isFlat && axes.x.isKnown && axes.y.isKnown ? [new Placed(series, axes)] : [];
}

/** @param {number} x @param {number} i @param {Float64Array} all */
const isNoLess = (x, i, all) => i === 0 || !(x < all[i - 1]);
/** @param {number} x @param {number} i @param {Float64Array} all */
const isNoMore = (x, i, all) => i === 0 || !(x > all[i - 1]);

/** Return what turns a cell into a number on *axis*; what is missing is none. @param {Axis} axis */
function reader(axis) {
  const places = new Map([...axis.names].map(([number, name]) => [name, number]));
  return (/** @type {string} */ cell) => {
    if (!cell) return NaN;
    return places.get(cell) ?? (axis.dates ? axis.dates.value(cell) : Number(cell));
  };
}

/** Return a cell as a person reads it. @param {Axis} axis @param {string} cell */
function told(axis, cell) {
  const { dates } = axis;
  if (dates === null || [...axis.names.values()].includes(cell)) return short(cell);
  const stepMs = cell.includes("T00:00:00") ? 86_400_000 : /T\d\d:\d\d:00(?!\.)/.test(cell) ? 60_000 : 1000;
  return dates.say(dates.value(cell), stepMs / dates.perUnit);
}

/** Return a number to six digits, and words as they are. @param {string} cell */
function short(cell) {
  const number = Number(cell);
  return Number.isNaN(number) || Number.isInteger(number) ? cell : String(Number(number.toPrecision(6)));
}

/** Return the text at *url*; empty if it can't be had. @param {string} url */
async function read(url) {
  const response = await fetch(url, { priority: "low" }).catch(() => null);
  return response?.ok ? response.text().catch(() => "") : "";
}

/**
 * Yield the series of a table: its columns are `axes,series,x,y`, and perhaps more.
 * @param {string} text
 * @returns {Generator<Series>}
 */
function* seriesIn(text) {
  let series = /** @type {Series | null} */ (null);
  const rows = rowsIn(text);
  const value = (rows.next().value ?? []).indexOf("value");
  for (const row of rows) {
    if (row.length < 4) continue;
    if (series?.name !== row[1] || series.axes !== Number(row[0])) {
      if (series) yield series;
      series = { axes: Number(row[0]), name: row[1], rows: [] };
    }
    series.rows.push(value < 0 ? [row[2], row[3]] : [row[2], row[3], row[value]]);
  }
  if (series) yield series;
}

/** Yield the rows of CSV text; cells in quotes may hold commas, quotes and line ends. @param {string} text */
function* rowsIn(text) {
  /** @type {string[]} */
  let row = [];
  for (const [, cell, end] of text.matchAll(/("(?:[^"]|"")*"|[^,\n]*)(,|\n|$)/g)) {
    row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === ",") continue;
    yield row;
    row = [];
  }
}

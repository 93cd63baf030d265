/** What the pixels of a picture mean: from its axes, as `NAME.json` describes them, to data and back. Knows no page. */

/** @typedef {"x" | "y"} Letter */
/** @typedef {[start: number, end: number]} Span limits as shares of an axis: 0 at its left or lower end */
/** @typedef {[x: number, y: number]} Point */
/** @typedef {Record<string, any>} Told one axes, as the daemon describes it */

const DAY_MS = 86_400_000;
const FINE = 1e-5; // of an axis' length: limits are told to that, which is finer than any pixel
const DEEPEST = 1e-11; // how close numbers of this size can lie together, and still be told apart
const YEARS_MS = [Date.parse("0001-01-02T00:00Z"), Date.parse("9999-12-30T00:00Z")]; // with a day for the zones

/**
 * What a scale does to a number, and what undoes that; null for a scale that only the plot's author knows.
 * @param {Told} told
 * @param {Letter} letter
 * @returns {{to: (value: number) => number, from: (scaled: number) => number} | null}
 */
function scaleOf(told, letter) {
  const named = (/** @type {string} */ name) => Number(told[letter + name]);
  switch (told[`${letter}scale`]) {
    case "linear":
      return { to: (value) => value, from: (scaled) => scaled };
    case "log":
      return { to: Math.log, from: Math.exp };
    case "logit":
      return { to: (value) => Math.log(value / (1 - value)), from: (scaled) => 1 / (1 + Math.exp(-scaled)) };
    case "asinh":
      return {
        to: (value) => Math.asinh(value / named("linear_width")),
        from: (scaled) => Math.sinh(scaled) * named("linear_width"),
      };
    case "symlog":
      return symlog(named("base"), named("linthresh"), named("linscale"));
    default:
      return null;
  }
}

/**
 * @param {number} base
 * @param {number} linear how far from 0 the scale is linear
 * @param {number} stretch how many decades long that is drawn
 */
function symlog(base, linear, stretch) {
  const slope = stretch / (1 - 1 / base);
  return {
    to: (/** @type {number} */ value) => {
      const size = Math.abs(value) / linear;
      return size <= 1 ? size * slope * Math.sign(value) : Math.sign(value) * (slope + Math.log(size) / Math.log(base));
    },
    from: (/** @type {number} */ scaled) => {
      const size = Math.abs(scaled);
      const times = size <= slope ? size / slope : base ** (size - slope);
      return Math.sign(scaled) * linear * times;
    },
  };
}

/** One direction of an axes. */
export class Axis {
  /**
   * @param {Told} told
   * @param {Letter} letter
   */
  constructor(told, letter) {
    this.letter = letter;
    /** @type {string} */
    this.label = told[`${letter}label`];
    /** The word of the URL that sets its limits. */
    this.word = `_${letter}lim${told[`${letter}shared`] ? `.${told[`${letter}shared`]}` : ""}`;
    /** @type {Point} */
    this.limits = told[`${letter}lim`];
    this.scale = scaleOf(told, letter);
    /** @type {Map<number, string>} */
    this.names = new Map(told[`${letter}names`] ?? []);
    /** Whether it shows categories, each as wide as 1. */
    this.isNamed = this.names.size > 0 && [...this.names.keys()].every(Number.isInteger);
    /** @type {Dates | null} */
    this.dates = told[`${letter}dates`] ? new Dates(told[`${letter}dates`], this.limits) : null;
  }

  /** Whether pixels along it can be told. */
  get isKnown() {
    return this.scale !== null && this.limits.every((limit) => Number.isFinite(this.scale?.to(limit)));
  }

  /** Return the value at a share of its length. @param {number} share */
  at(share) {
    if (!this.scale) return NaN;
    const [start, end] = this.limits.map(this.scale.to);
    return this.scale.from(start + share * (end - start));
  }

  /** Return at which share of its length *value* is. @param {number} value */
  share(value) {
    if (!this.scale) return NaN;
    const [start, end] = this.limits.map(this.scale.to);
    return (this.scale.to(value) - start) / (end - start);
  }

  /**
   * Return *value* as a person reads it, to the digits that *step* (the value of a pixel) can tell.
   * @param {number} value
   * @param {number} step
   */
  say(value, step) {
    const name = this.isNamed ? this.names.get(Math.round(value)) : undefined;
    if (name !== undefined) return name;
    return this.dates ? this.dates.say(value, step) : rounded(value, step);
  }

  /**
   * Return what a pixel is worth at a share of an axis that is so many pixels long.
   * @param {number} share
   * @param {number} length
   */
  step(share, length) {
    return Math.abs(this.at(share + 0.5 / length) - this.at(share - 0.5 / length));
  }

  /**
   * Return the limits that *span* means, as a word of the URL; null if no axis can have them.
   * @param {Span} span
   */
  spell(span) {
    const [low, high] = span.map((share) => this.at(share)).sort((one, other) => one - other);
    const width = high - low;
    if (!(width > DEEPEST * Math.max(Math.abs(low), Math.abs(high))) || !Number.isFinite(width)) return null;
    if (this.dates?.isDays) return this.dates.spell(low, high);
    const fine = FINE * (span[1] - span[0]);
    const [first, last] = span.map((share, i) => {
      const value = this.at(share);
      return rounded(value, Math.abs(value - this.at(share + (i ? -fine : fine))));
    });
    return Number(first) < Number(last) ? `${first},${last}` : `${last},${first}`;
  }
}

/** The dates of an axis: its numbers count days, or pandas' periods. */
class Dates {
  /**
   * @param {[string, string]} ends those of the limits, in ISO 8601
   * @param {Point} limits
   */
  constructor(ends, limits) {
    /** The zone's offset, as the data has it; none is the daemon's own business. */
    this.offset = /([+-]\d\d:\d\d|Z)$/.exec(ends[0])?.[0] ?? "";
    this.start = limits[0];
    const [first, last] = ends.map((end) => Date.parse(this.offset ? end : `${end}Z`));
    this.startMs = first;
    this.perUnit = (last - first) / (limits[1] - limits[0]);
    this.isDays = Math.abs(this.perUnit / DAY_MS - 1) < 1e-6;
  }

  /** @param {number} value */
  ms(value) {
    return this.startMs + (value - this.start) * this.perUnit;
  }

  /** Return the number of the date *iso*; NaN if it's none. @param {string} iso */
  value(iso) {
    const ms = Date.parse(/([+-]\d\d:\d\d|Z)$/.test(iso) ? iso : `${iso}Z`);
    return this.start + (ms - this.startMs) / this.perUnit;
  }

  /**
   * @param {number} value
   * @param {number} step
   */
  say(value, step) {
    const stepMs = Math.abs(step * this.perUnit);
    /** @type {Intl.DateTimeFormatOptions} */
    const parts = { timeZone: "UTC", year: "numeric", month: "short", day: "numeric" };
    if (stepMs < DAY_MS / 2) Object.assign(parts, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    if (stepMs < 30_000) parts.second = "2-digit";
    if (stepMs < 500) parts.fractionalSecondDigits = 3;
    const zone = "hour" in parts && this.offset ? ` ${/\d/.test(this.offset) ? this.offset : "UTC"}` : "";
    return new Date(this.ms(value) + offsetMs(this.offset)).toLocaleString(document.documentElement.lang, parts) + zone;
  }

  /**
   * @param {number} low
   * @param {number} high
   */
  spell(low, high) {
    const ends = [this.ms(low), this.ms(high)];
    if (ends[0] < YEARS_MS[0] || ends[1] > YEARS_MS[1]) return null;
    if (ends[1] - ends[0] < 10_000) return `${low},${high}`; // the text of a date would be too coarse
    const length = ends[1] - ends[0] > 1e5 * 1000 ? 19 : 23;
    return ends.map((ms) => new Date(ms).toISOString().slice(0, length) + (this.offset ? "Z" : "")).join(",");
  }
}

/** One axes: where it is in the picture, and its two directions. */
export class Axes {
  /**
   * @param {Told} told
   * @param {number} number
   */
  constructor(told, number) {
    this.number = number;
    /** @type {[left: number, top: number, right: number, bottom: number]} in pixels of the picture */
    this.box = told.box;
    this.isColorbar = Boolean(told.colorbar);
    /** Whether its pixels can be told: not so on a map, in a circle or in space. */
    this.isFlat = told.projection === "rectilinear";
    this.isFixed = typeof told.aspect === "number";
    this.x = new Axis(told, "x");
    this.y = new Axis(told, "y");
  }

  get width() {
    return this.box[2] - this.box[0];
  }

  get height() {
    return this.box[3] - this.box[1];
  }

  /** Return at which shares of both directions a pixel is. @param {Point} pixel @returns {Point} */
  shares([x, y]) {
    return [(x - this.box[0]) / this.width, (this.box[3] - y) / this.height];
  }

  /** Return the pixel at which a value is. @param {number} x @param {number} y @returns {Point} */
  pixel(x, y) {
    return [this.box[0] + this.x.share(x) * this.width, this.box[3] - this.y.share(y) * this.height];
  }

  /** @param {Point} pixel */
  holds([x, y], reach = 0) {
    const [left, top, right, bottom] = this.box;
    return x >= left - reach && x <= right + reach && y >= top - reach && y <= bottom + reach;
  }
}

/** All axes of a picture. */
export class Chart {
  /** @param {Told[]} told */
  constructor(told) {
    this.all = told.map((one, number) => new Axes(one, number));
  }

  /** Those that can be looked at more closely. */
  get flat() {
    return this.all.filter((axes) => axes.isFlat && !axes.isColorbar && axes.x.isKnown && axes.y.isKnown);
  }

  /** Return an axis by its word. @param {string} word */
  axis(word) {
    return this.all.flatMap(({ x, y }) => [x, y]).find((axis) => axis.word === word);
  }

  /**
   * Return the axes at a pixel: the topmost, and those that have the same place, as twins do.
   * @param {Point} pixel
   * @param {number} [reach] how far beside its box counts too
   */
  under(pixel, reach = 0) {
    const found = this.all.filter((axes) => axes.isFlat && axes.holds(pixel, reach));
    const top = found.findLast((axes) => axes.holds(pixel)) ?? found.at(-1);
    return top ? found.filter((axes) => axes.box.every((edge, i) => Math.abs(edge - top.box[i]) < 1)) : [];
  }
}

/**
 * Return *value* rounded to the decimal place below *step*, in as few digits as that takes.
 * @param {number} value
 * @param {number} step
 */
export function rounded(value, step) {
  if (!Number.isFinite(value) || !(step > 0)) return String(value);
  const place = Math.floor(Math.log10(step) + 1e-9);
  const digits = value === 0 ? 1 : Math.floor(Math.log10(Math.abs(value))) - place + 1;
  if (digits < 1) return "0";
  const number = Number(value.toPrecision(Math.min(17, digits)));
  const size = Math.abs(number);
  const isLong = size !== 0 && (size >= 1e9 || size < 1e-4);
  if (isLong) return number.toExponential(Math.min(17, digits) - 1).replace("e+", "e");
  return number.toFixed(Math.min(20, Math.max(0, -place)));
}

/** @param {string} offset such as +02:00 */
function offsetMs(offset) {
  const parts = /([+-])(\d\d):(\d\d)/.exec(offset);
  return parts ? (parts[1] === "-" ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3])) * 60_000 : 0;
}

/** What hands do on a picture: drag, wheel, pinch, point. What that means, others know. */

/** @typedef {import("./axes.js").Point} Point */
/** @typedef {import("./axes.js").Letter} Letter */
/** @typedef {import("./lens.js").Lens} Lens */
/** @typedef {import("./lens.js").Target} Target */

/**
 * @typedef {object} Drag
 * @property {"box" | "pan"} kind
 * @property {Target} target
 * @property {Point} from
 * @property {Point} last
 * @property {boolean} isMoved
 */

/**
 * @typedef {object} Pinch
 * @property {Target} target
 * @property {Point} middle
 * @property {number} apart
 */

const EDGE_PX = 44; // beside its axes, this far out, a gesture is about one direction only
const CLICK_PX = 4; // a drag that goes no further is a click
const NARROW_PX = 10; // of a box that is this narrow, only the length is meant
const WHEEL = 0.002; // how much closer a pixel of the wheel leads, as a power of e
const LINE_PX = 33; // where a wheel counts lines
const SCROLLING_MS = 250; // a page that was scrolled this recently goes on scrolling

export class Gestures {
  /** @type {Drag | null} */
  #drag = null;
  /** @type {Pinch | null} */
  #pinch = null;
  #scrolledAt = -SCROLLING_MS;

  /**
   * @param {HTMLElement} frame
   * @param {Lens} lens
   */
  constructor(frame, lens) {
    this.frame = frame;
    this.lens = lens;
    this.band = document.createElement("div");
    this.band.className = "band";
    this.band.hidden = true;
    frame.append(this.band);
    this.#listenToPointers();
    frame.addEventListener("wheel", (event) => this.#wheeled(event), { passive: false });
    window.addEventListener("scroll", () => (this.#scrolledAt = performance.now()), { passive: true });
    for (const name of /** @type {const} */ (["touchstart", "touchmove", "touchend", "touchcancel"])) {
      frame.addEventListener(name, (event) => this.#touched(event), { passive: false });
    }
  }

  #listenToPointers() {
    const { frame, lens } = this;
    frame.addEventListener("pointerenter", () => void lens.learn());
    frame.addEventListener("pointerdown", (event) => this.#pressed(event));
    frame.addEventListener("pointermove", (event) => this.#moved(event));
    frame.addEventListener("pointerup", (event) => this.#released(event));
    frame.addEventListener("pointercancel", () => {
      this.#cancel();
      lens.hover(null);
    });
    frame.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && lens.hover(null));
    frame.addEventListener("dragstart", (event) => this.#drag && event.preventDefault());
    frame.addEventListener("contextmenu", (event) => {
      const isDragging = event.button === 2 && !event.shiftKey && this.#targetAt(event) !== null;
      if (isDragging) event.preventDefault();
    });
    frame.addEventListener("dblclick", (event) => !(event.target instanceof HTMLButtonElement) && lens.reset());
    document.addEventListener("pointerdown", (event) => {
      if (event.target instanceof Node && !frame.contains(event.target)) lens.hover(null);
    });
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#cancel());
  }

  /**
   * Return what a gesture there is about: both directions within axes, one beside them.
   * @param {{clientX: number, clientY: number}} place
   * @returns {Target | null}
   */
  #targetAt(place) {
    const { chart, ratio } = this.lens;
    const pixel = this.lens.pixel(place);
    const axes = chart?.under(pixel, EDGE_PX * ratio).filter((one) => chart.flat.includes(one)) ?? [];
    if (axes.length === 0) return null;
    const [x, y] = axes[0].shares(pixel);
    if (isWithin(x) && isWithin(y)) return { axes, letters: ["x", "y"] };
    if (isWithin(x)) return beside(axes, "x", y < 0);
    return isWithin(y) ? beside(axes, "y", x < 0) : null;
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    if (event.pointerType === "touch") {
      this.#point(event);
      return;
    }
    const target = event.target instanceof HTMLButtonElement || event.button > 2 ? null : this.#targetAt(event);
    if (target === null || this.#drag) return;
    const from = this.lens.pixel(event);
    this.#drag = { kind: event.button === 0 ? "box" : "pan", target: whole(target), from, last: from, isMoved: false };
    if (event.button === 1) event.preventDefault(); // or the page would scroll by itself
    this.frame.setPointerCapture(event.pointerId);
    this.lens.begin();
  }

  /** @param {PointerEvent} event */
  #moved(event) {
    const drag = this.#drag;
    if (drag === null) {
      if (!this.#pinch) this.#point(event);
      return;
    }
    const pixel = this.lens.pixel(event);
    const way = distance(drag.from, pixel) / this.lens.ratio;
    if (!drag.isMoved && way < CLICK_PX) return;
    drag.isMoved = true;
    this.lens.hover(null);
    if (drag.kind === "box") this.#draw(drag, pixel, event.shiftKey);
    else if (this.lens.chart) {
      this.lens.shift(drag.target, [pixel[0] - drag.last[0], pixel[1] - drag.last[1]]);
      drag.last = pixel;
    }
  }

  /** @param {PointerEvent} event */
  #released(event) {
    const drag = this.#drag;
    this.#cancel();
    if (!drag?.isMoved) return;
    if (drag.kind === "box") {
      const to = this.lens.pixel(event);
      this.lens.select({ ...drag.target, letters: this.#meant(drag, to, event.shiftKey) }, drag.from, to);
    }
    this.lens.settle();
  }

  #cancel() {
    this.#drag = null;
    this.band.hidden = true;
  }

  /**
   * Return the directions that a box is about: a narrow one, or one drawn with Shift, only about that of its length.
   * @param {Drag} drag
   * @param {Point} to
   * @param {boolean} isOne
   * @returns {Letter[]}
   */
  #meant({ target, from }, to, isOne) {
    const [width, height] = [0, 1].map((i) => Math.abs(to[i] - from[i]) / this.lens.ratio);
    if (target.letters.length < 2 || target.axes.some((axes) => axes.isFixed)) return target.letters;
    if (width >= NARROW_PX && height >= NARROW_PX && !isOne) return target.letters;
    return width > height ? ["x"] : ["y"];
  }

  /**
   * Show the box that is dragged.
   * @param {Drag} drag
   * @param {Point} to
   * @param {boolean} isOne
   */
  #draw(drag, to, isOne) {
    const [left, top, right, bottom] = drag.target.axes[0].box;
    const letters = this.#meant(drag, to, isOne);
    const inside = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) =>
      Math.min(high, Math.max(low, value));
    const across = letters.includes("x") ? [drag.from[0], to[0]].map((x) => inside(x, left, right)) : [left, right];
    const down = letters.includes("y") ? [drag.from[1], to[1]].map((y) => inside(y, top, bottom)) : [top, bottom];
    const [x, y] = [Math.min(...across), Math.min(...down)].map((edge) => edge / this.lens.ratio);
    const [width, height] = [across, down].map(([one, other]) => Math.abs(one - other) / this.lens.ratio);
    Object.assign(this.band.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    this.band.hidden = false;
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const target = event.target instanceof HTMLButtonElement ? null : this.#targetAt(event);
    const shape = target === null ? "" : { x: "ew-resize", y: "ns-resize", xy: "crosshair" }[target.letters.join("")];
    this.frame.style.cursor = shape ?? "";
    this.lens.hover(event);
  }

  /** @param {WheelEvent} event */
  #wheeled(event) {
    const isScrolling = !event.ctrlKey && performance.now() - this.#scrolledAt < SCROLLING_MS;
    const target = isScrolling || this.#drag ? null : this.#targetAt(event);
    if (isScrolling) this.#scrolledAt = performance.now();
    if (target === null) return;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const [right, down] = [event.deltaX * unit, event.deltaY * unit];
    if (Math.abs(right) > Math.abs(down)) this.lens.shift(target, [-right * this.lens.ratio, 0]);
    else this.lens.magnify(whole(target), this.lens.pixel(event), Math.exp(-WHEEL * (event.ctrlKey ? 5 : 1) * down));
  }

  /** Two fingers pinch and pan; one scrolls the page. @param {TouchEvent} event */
  #touched(event) {
    if (event.touches.length !== 2) {
      if (this.#pinch) this.lens.settle();
      this.#pinch = null;
      return;
    }
    if (event.cancelable) event.preventDefault();
    const [one, other] = [...event.touches].map((touch) => this.lens.pixel(touch));
    const middle = /** @type {Point} */ ([(one[0] + other[0]) / 2, (one[1] + other[1]) / 2]);
    const apart = distance(one, other);
    if (this.#pinch === null) this.#begin(event, middle, apart);
    else if (this.lens.chart) {
      const { target, middle: last, apart: before } = this.#pinch;
      this.lens.magnify(target, last, apart / before);
      this.lens.shift(target, [middle[0] - last[0], middle[1] - last[1]]);
      Object.assign(this.#pinch, { middle, apart });
    }
  }

  /**
   * @param {TouchEvent} event
   * @param {Point} middle
   * @param {number} apart
   */
  #begin({ touches }, middle, apart) {
    const [clientX, clientY] = /** @type {const} */ (["clientX", "clientY"]).map(
      (name) => (touches[0][name] + touches[1][name]) / 2,
    );
    const target = this.#targetAt({ clientX, clientY });
    if (target === null) return;
    this.lens.hover(null);
    this.lens.begin();
    this.#pinch = { target: whole(target), middle, apart };
  }
}

/**
 * Return *target* with both its directions, where one alone would change the shape of what is seen.
 * @param {Target} target
 * @returns {Target}
 */
function whole(target) {
  return target.axes.some((axes) => axes.isFixed) ? { ...target, letters: ["x", "y"] } : target;
}

/**
 * Return what a gesture below or left of *axes* is about, or at their other side: there, only twins have an axis.
 * @param {import("./axes.js").Axes[]} axes
 * @param {Letter} letter
 * @param {boolean} isFirst
 * @returns {Target | null}
 */
function beside(axes, letter, isFirst) {
  const [first, last] = [axes[0], axes[axes.length - 1]];
  if (!isFirst && first[letter].word === last[letter].word) return null;
  return { axes: [isFirst ? first : last], letters: [letter] };
}

/** @param {number} share */
function isWithin(share) {
  return share >= 0 && share <= 1;
}

/** @param {Point} one @param {Point} other */
function distance(one, other) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}

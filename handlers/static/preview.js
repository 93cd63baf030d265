/** A scaled copy of the picture at hand, where another part of it is on its way. */

/** @typedef {import("./axes.js").Axes} Axes */
/** @typedef {import("./axes.js").Span} Span */

const MOST_PX = 2000; // width of the copy: a coarse one is good enough for a moment
const SPINE_PX = 2; // how much of the box its frame takes
const CORNER_PX = 5; // a pixel this far within its axes has their ground's colour, most often

export class Preview {
  #copied = "";

  /** @param {HTMLImageElement} image */
  constructor(image) {
    this.image = image;
    this.copy = document.createElement("canvas");
    this.canvas = document.createElement("canvas");
    this.canvas.className = "preview";
    this.canvas.hidden = true;
    this.canvas.setAttribute("aria-hidden", "true");
    image.after(this.canvas);
  }

  hide() {
    this.canvas.hidden = true;
  }

  /**
   * Show of the picture *base* what *aim* says.
   * @param {import("./lens.js").Base} base
   * @param {Map<string, Span>} aim shares of its axes, by their words
   */
  show({ etag, width, chart }, aim) {
    const scale = Math.min(1, MOST_PX / width);
    if (this.#copied !== etag) this.#take(etag, scale);
    const paint = this.canvas.getContext("2d");
    if (paint === null) return;
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.clearRect(0, 0, this.canvas.width, this.canvas.height);
    paint.scale(scale, scale);
    /** @type {Axes[]} */
    const moved = [];
    for (const axes of chart.all) {
      const [x, y] = [aim.get(axes.x.word), aim.get(axes.y.word)];
      const isTwin = moved.some((other) => other.box.every((edge, i) => Math.abs(edge - axes.box[i]) < 1));
      if (isTwin) continue;
      if (axes.isFlat && (x || y)) {
        moved.push(axes);
        this.#draw(paint, axes, scale, x ?? [0, 1], y ?? [0, 1]);
      } else if (moved.some((other) => other.holds([axes.box[0], axes.box[1]]))) {
        this.#draw(paint, axes, scale, [0, 1], [0, 1]); // an inset stays where it is
      }
    }
    this.canvas.hidden = false;
  }

  /**
   * @param {string} etag
   * @param {number} scale
   */
  #take(etag, scale) {
    for (const canvas of [this.copy, this.canvas]) {
      canvas.width = Math.round(this.image.naturalWidth * scale);
      canvas.height = Math.round(this.image.naturalHeight * scale);
    }
    this.copy.getContext("2d")?.drawImage(this.image, 0, 0, this.copy.width, this.copy.height);
    this.#copied = etag;
  }

  /**
   * Draw what is between the shares *x* and *y* of *axes* all over their box.
   * @param {CanvasRenderingContext2D} paint
   * @param {Axes} axes
   * @param {number} scale of the copy
   * @param {Span} x
   * @param {Span} y
   */
  #draw(paint, { box: [left, top, , bottom], width, height }, scale, x, y) {
    const [frameX, frameY] = [SPINE_PX / width, SPINE_PX / height];
    paint.save();
    paint.beginPath();
    paint.rect(left + SPINE_PX, top + SPINE_PX, width - 2 * SPINE_PX, height - 2 * SPINE_PX);
    paint.clip();
    paint.fillStyle = getComputedStyle(this.canvas).color; // what is see-through shows the page
    paint.fillRect(left, top, width, height);
    const corner = [left + CORNER_PX, bottom - CORNER_PX].map((edge) => edge * scale);
    paint.drawImage(this.copy, corner[0], corner[1], 1, 1, left, top, width, height);
    const [x0, x1] = [Math.max(frameX, x[0]), Math.min(1 - frameX, x[1])];
    const [y0, y1] = [Math.max(frameY, y[0]), Math.min(1 - frameY, y[1])];
    if (x1 > x0 && y1 > y0) {
      const [closerX, closerY] = [width / (x[1] - x[0]), height / (y[1] - y[0])];
      const from = [left + x0 * width, bottom - y1 * height, (x1 - x0) * width, (y1 - y0) * height];
      const [sx, sy, sw, sh] = from.map((length) => length * scale);
      const [dx, dy] = [left + (x0 - x[0]) * closerX, top + (y[1] - y1) * closerY];
      paint.drawImage(this.copy, sx, sy, sw, sh, dx, dy, (x1 - x0) * closerX, (y1 - y0) * closerY);
    }
    paint.restore();
  }
}

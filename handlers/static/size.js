/** How large pictures are asked for: in few sizes, so that windows of all sizes share what is drawn. */

const WIDTHS = [320, 480, 640, 800, 960, 1280, 1600, 1920, 2560];
const SCALES = [1, 1.5, 2, 3];

/** Return how many pixels a picture is to have for each CSS pixel of its width. */
export function density() {
  return SCALES.find((scale) => scale > window.devicePixelRatio - 0.01) ?? 3;
}

/**
 * Return the width, in CSS pixels, at which to ask for a picture that is shown *widthPx* wide: never less, for that
 * would be stretched, and have less room than its words need.
 * @param {number} widthPx
 */
export function rung(widthPx) {
  return WIDTHS.find((width) => width > widthPx - 1) ?? 2560;
}

/**
 * Return the words that ask for a picture that is shown *widthPx* wide, and is *aspect* times as wide as high.
 * @param {number} widthPx in CSS pixels
 * @param {number} aspect
 * @param {number} mostPixels what the daemon draws at most
 * @returns {[string, string][]}
 */
export function sizeWords(widthPx, aspect, mostPixels) {
  const fits = (/** @type {number} */ wide) => (wide * wide) / aspect <= mostPixels * 0.95;
  const width = WIDTHS.filter((each) => each <= rung(widthPx) && fits(each)).at(-1) ?? WIDTHS[0];
  const scale = SCALES.filter((each) => each <= density() && fits(each * width)).at(-1) ?? 1;
  return [["_width", String(width)], ["_scale", String(scale)]];
}

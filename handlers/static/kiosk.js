/** The places of a wall's pictures; as a kiosk, these are all there is, and they take turns if there are many. */

const ASPECT = 4 / 3; // of pictures, mostly

export class Kiosk {
  #page = 0;
  #pages = 1;
  #timer = 0;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  /**
   * @param {HTMLElement} main
   * @param {(name: string, isSoon: boolean) => void} see tells whether a picture is seen, or will be next
   */
  constructor(main, see) {
    this.main = main;
    this.see = see;
    document.addEventListener("visibilitychange", () => void this.#keepAwake());
  }

  /** Whether this is one. */
  get isOn() {
    return Boolean(this.main.dataset.kiosk);
  }

  /** Give the cells their places, and show those whose turn it is. */
  arrange() {
    const { cols, rows, cycle } = this.main.dataset;
    const isCycling = this.isOn && Boolean(cycle);
    const grid = fit(this.#cells().length, Number(cols), Number(rows), isCycling);
    this.main.style.setProperty("--cols", String(grid.cols));
    this.main.style.setProperty("--rows", String(grid.rows));
    this.main.dataset.arranged = "";
    const each = isCycling ? grid.cols * grid.rows : Math.max(1, this.#cells().length);
    this.#pages = Math.max(1, Math.ceil(this.#cells().length / each));
    this.#show(Math.min(this.#page, this.#pages - 1), each);
    this.#cycle(isCycling && this.#pages > 1 ? Number(cycle) : 0, each);
    void this.#keepAwake();
  }

  /**
   * @param {number} page
   * @param {number} each how many pictures it holds
   */
  #show(page, each) {
    this.#page = page;
    const next = (page + 1) % this.#pages;
    const turns = this.#cells().map((cell, i) => ({ cell, turn: Math.floor(i / each) }));
    for (const { cell, turn } of turns) cell.hidden = turn !== page;
    for (const { cell, turn } of this.isOn ? turns : []) {
      this.see(cell.dataset.name ?? "", turn === page || turn === next);
    }
  }

  /**
   * @param {number} seconds 0: not at all
   * @param {number} each
   */
  #cycle(seconds, each) {
    window.clearInterval(this.#timer);
    if (seconds === 0) return;
    this.#timer = window.setInterval(() => {
      if (!document.hidden) this.#show((this.#page + 1) % this.#pages, each);
    }, seconds * 1000);
  }

  /** Let the screen stay on; a browser takes that back whenever the page is hidden. */
  async #keepAwake() {
    if (!this.isOn) {
      await this.#lock?.release();
      this.#lock = null;
    } else if (!document.hidden && (this.#lock?.released ?? true)) {
      this.#lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    }
  }

  #cells() {
    return [...this.main.querySelectorAll("li.cell")].filter((cell) => cell instanceof HTMLElement);
  }
}

/**
 * Return how many columns and rows there are to be for *count* pictures; 0 for *cols* or *rows* leaves it open.
 * @param {number} count
 * @param {number} cols
 * @param {number} rows
 * @param {boolean} isCycling whether not all need be seen at once
 */
function fit(count, cols, rows, isCycling) {
  const { innerWidth: width, innerHeight: height } = window;
  if (cols && rows) return { cols, rows: isCycling ? rows : Math.max(rows, Math.ceil(count / cols)) };
  if (cols) return { cols, rows: isCycling ? atLeastOne(height / (width / cols / ASPECT)) : Math.ceil(count / cols) };
  if (rows) return { cols: isCycling ? atLeastOne(width / ((height / rows) * ASPECT)) : Math.ceil(count / rows), rows };
  if (isCycling) return { cols: 1, rows: 1 };
  const widthOf = (/** @type {number} */ n) => Math.min(width / n, (height / Math.ceil(count / n)) * ASPECT);
  const best = Array.from({ length: count }, (_, i) => i + 1).reduce((a, b) => (widthOf(b) > widthOf(a) ? b : a), 1);
  return { cols: best, rows: Math.ceil(count / best) };
}

/** @param {number} count */
function atLeastOne(count) {
  return Math.max(1, Math.floor(count));
}

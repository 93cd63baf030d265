/** Rearranges the cells of a wall: by dragging their handles, or with the arrow keys on these. */

const STEPS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 });

export class Arranger {
  /** @type {HTMLElement | null} the cell that is held */
  #held = null;
  /** @type {HTMLElement | null} the one that it is held over */
  #over = null;

  /**
   * @param {HTMLElement} within
   * @param {(cell: HTMLElement) => void} onMove called when a cell stands elsewhere
   */
  constructor(within, onMove) {
    this.onMove = onMove;
    within.addEventListener("pointerdown", (event) => this.#grab(event));
    within.addEventListener("pointermove", (event) => this.#drag(event));
    within.addEventListener("pointerup", () => this.#drop(this.#over));
    within.addEventListener("pointercancel", () => this.#drop(null));
    within.addEventListener("keydown", (event) => this.#press(event));
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    const handle = handleOf(event);
    if (handle === null || event.button !== 0) return;
    handle.setPointerCapture(event.pointerId);
    this.#held = cellOf(handle);
    this.#held?.classList.add("held");
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (this.#held === null) return;
    const over = cellOf(document.elementFromPoint(event.clientX, event.clientY));
    this.#mark(over === this.#held ? null : over);
  }

  /** @param {HTMLElement | null} over */
  #drop(over) {
    const held = this.#held;
    this.#mark(null);
    this.#held = null;
    held?.classList.remove("held");
    if (held && over) this.#place(held, over);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.key === "Escape") this.#drop(null);
    const handle = handleOf(event);
    const step = STEPS[event.key];
    if (handle === null || step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const cell = cellOf(handle);
    const over = step < 0 ? cell?.previousElementSibling : cell?.nextElementSibling;
    if (cell && over instanceof HTMLElement) this.#place(cell, over);
    handle.focus();
  }

  /**
   * Put *cell* in the place of *other*, which makes room.
   * @param {HTMLElement} cell
   * @param {HTMLElement} other
   */
  #place(cell, other) {
    const isLater = cell.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
    if (isLater) other.after(cell);
    else other.before(cell);
    this.onMove(cell);
  }

  /** @param {HTMLElement | null} over */
  #mark(over) {
    this.#over?.classList.remove("over");
    this.#over = over;
    over?.classList.add("over");
  }
}

/** @param {Event} event */
function handleOf(event) {
  const handle = event.target instanceof Element ? event.target.closest(".handle") : null;
  return handle instanceof HTMLElement ? handle : null;
}

/**
 * @param {Element | null} element
 * @returns {HTMLElement | null}
 */
function cellOf(element) {
  return element?.closest("li.cell") ?? null;
}

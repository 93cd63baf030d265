/** The line that says what one sees: live, rendering, stale or offline, why, how old it is and how long it took. */

import { ago, duration } from "./clock.js";
import { write } from "./page.js";
import { t } from "./words.js";

/**
 * @typedef {"connecting" | "waiting" | "live" | "rendering" | "stale" | "failed" | "gone" | "offline" | "paused"
 *   | "asleep"} State
 */

const SLOW_MS = 300; // what is drawn quicker than that needs no word

/** @type {Record<State, () => string>} */
const WORDS = {
  connecting: () => t("Connecting"),
  waiting: () => t("Waiting for values"),
  live: () => t("Live"),
  rendering: () => t("Rendering"),
  stale: () => t("Stale"),
  failed: () => t("Failed"),
  gone: () => t("Gone"),
  offline: () => t("Offline"),
  paused: () => t("Paused"),
  asleep: () => t("Asleep"),
};

/** @type {State[]} */
export const TROUBLED = ["stale", "failed", "gone", "offline"];

export class StatusLine {
  #timer = 0;
  /** @type {State} */
  #wanted = "connecting";

  /**
   * @param {HTMLElement} line
   * @param {(state: State) => void} [onState] called when another state is told
   */
  constructor(line, onState) {
    this.line = line;
    this.onState = onState;
  }

  /** What the line says. */
  get word() {
    return this.line.querySelector(".word")?.textContent ?? "";
  }

  /** @param {State} state */
  set state(state) {
    if (this.#wanted === state) return;
    this.#wanted = state;
    window.clearTimeout(this.#timer);
    if (state === "rendering") this.#timer = window.setTimeout(() => this.#tell(state), SLOW_MS);
    else this.#tell(state);
  }

  /**
   * Say how old the picture is, and how long it took.
   * @param {{atMs: number, tookMs: number} | null} shown
   */
  tell(shown) {
    const isKnown = shown !== null && !Number.isNaN(shown.atMs);
    this.#write(".age", isKnown ? t("drawn {ago}", { ago: ago(shown.atMs) }) : "");
    const isTimed = isKnown && !Number.isNaN(shown.tookMs);
    this.#write(".took", isTimed ? t("took {duration}", { duration: duration(shown.tookMs) }) : "");
    const age = this.line.querySelector(".age");
    if (age instanceof HTMLElement) age.title = isKnown ? new Date(shown.atMs).toLocaleString() : "";
  }

  /** Say why there is nothing newer; nothing, if it is empty. @param {string} reason */
  explain(reason) {
    this.#write(".why", reason);
  }

  /** @param {State} state */
  #tell(state) {
    if (this.line.dataset.state === state) return;
    this.line.dataset.state = state;
    this.#write(".word", WORDS[state]());
    this.onState?.(state);
  }

  /**
   * @param {string} part
   * @param {string} text
   */
  #write(part, text) {
    const element = this.line.querySelector(part);
    if (element instanceof HTMLElement) write(element, text);
  }
}

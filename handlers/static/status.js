/** The line that says what one sees: live, rendering, stale or offline, how old it is and how long it took. */

import { ago, duration } from "./clock.js";

/** @typedef {"connecting" | "waiting" | "live" | "rendering" | "stale" | "failed" | "gone" | "offline"} State */

/** @type {Record<State, string>} */
const WORDS = {
  connecting: "Connecting",
  waiting: "Waiting for values",
  live: "Live",
  rendering: "Rendering",
  stale: "Stale",
  failed: "Failed",
  gone: "Gone",
  offline: "Offline, trying again",
};

export class StatusLine {
  /** @param {HTMLElement} line */
  constructor(line) {
    this.line = line;
  }

  /** @param {State} state */
  set state(state) {
    if (this.line.dataset.state === state) return;
    this.line.dataset.state = state;
    this.#write(".word", WORDS[state]);
  }

  /**
   * Say how old the picture is, and how long it took.
   * @param {{atMs: number, tookMs: number} | null} shown
   */
  tell(shown) {
    const isKnown = shown !== null && !Number.isNaN(shown.atMs);
    this.#write(".age", isKnown ? `drawn ${ago(shown.atMs)}` : "");
    this.#write(".took", isKnown && !Number.isNaN(shown.tookMs) ? `took ${duration(shown.tookMs)}` : "");
    const age = this.line.querySelector(".age");
    if (age instanceof HTMLElement) age.title = isKnown ? new Date(shown.atMs).toLocaleString() : "";
  }

  /**
   * @param {string} part
   * @param {string} text
   */
  #write(part, text) {
    const element = this.line.querySelector(part);
    if (element && element.textContent !== text) element.textContent = text;
  }
}

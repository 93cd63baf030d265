/** What the plot printed: folded away, and asked for only while somebody looks. */

import { find, write } from "./page.js";
import { t } from "./words.js";

const NOTHING = t("Nothing was printed.");

/** @typedef {{last_render?: {output?: string} | null}} Told what the daemon tells of a plot; it may be anything else */

export class Output {
  /**
   * @param {HTMLDetailsElement} details
   * @param {() => Promise<Told | null>} ask
   */
  constructor(details, ask) {
    this.details = details;
    this.ask = ask;
    details.addEventListener("toggle", () => void this.update());
  }

  /** Ask for what was printed last. */
  async update() {
    if (this.details.open) this.tell(await this.ask());
  }

  /** @param {Told | null} told */
  tell(told) {
    const output = told?.last_render?.output;
    if (output !== undefined) write(find(this.details, "pre", HTMLPreElement), output || NOTHING);
  }
}

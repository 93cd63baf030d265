/** The panel that says why the last render failed. */

import { find, write } from "./page.js";

export class TroublePanel {
  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.panel = panel;
    /** @type {Record<string, string>} */
    this.titles = JSON.parse(panel.dataset.titles ?? "{}");
  }

  /** @param {import("./picture.js").Trouble} trouble */
  show(trouble) {
    write(find(this.panel, "h2", HTMLElement), this.titles[trouble.code] ?? this.titles[""]);
    write(find(this.panel, ".message", HTMLElement), trouble.message);
    const details = find(this.panel, "details", HTMLDetailsElement);
    if (trouble.traceback !== undefined || this.panel.hidden) {
      write(find(details, "pre", HTMLElement), trouble.traceback ?? "");
      details.hidden = !trouble.traceback;
    }
    this.panel.hidden = false;
  }

  hide() {
    this.panel.hidden = true;
  }
}

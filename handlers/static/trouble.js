/** Says why there is no new picture: a panel for what failed, a note for what can't be asked. */

import { find, write } from "./page.js";
import { t, tell } from "./words.js";

export class TroublePanel {
  /**
   * @param {HTMLElement} panel
   * @param {HTMLElement} note
   */
  constructor(panel, note) {
    this.panel = panel;
    this.note = note;
    /** @type {Record<string, string>} */
    this.titles = JSON.parse(panel.dataset.titles ?? "{}");
  }

  /** @param {import("./picture.js").Trouble} trouble */
  show(trouble) {
    write(find(this.panel, "h2", HTMLElement), t(this.titles[trouble.code] ?? this.titles[""]));
    write(find(this.panel, ".message", HTMLElement), tell(trouble));
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

  /** Say something in the picture's place; nothing, if it is empty. @param {string} text */
  say(text) {
    write(this.note, text);
    this.note.hidden = text === "";
  }
}

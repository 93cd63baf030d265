/** One field of a form, as it stands in the page. */

import { find } from "./page.js";

/** @typedef {HTMLInputElement | HTMLSelectElement} Control */

const PICKED = /^(\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?)?)?$/; // what a picker can show, nothing included
const ON = ["1", "true", "on"];

export class Field {
  /** @param {HTMLElement} wrapper */
  constructor(wrapper) {
    this.wrapper = wrapper;
    this.name = wrapper.dataset.name ?? "";
    this.label = wrapper.querySelector("label, .label")?.textContent ?? this.name;
    this.isCheck = wrapper.dataset.type === "checkbox";
    this.picker = wrapper.dataset.picker ?? "";
    this.isRepeated = "repeated" in wrapper.dataset;
    /** @type {string[]} */
    this.defaults = JSON.parse(wrapper.dataset.default ?? "[]");
  }

  /** @returns {Control[]} */
  controls() {
    const found = [...this.wrapper.querySelectorAll("input:not([type=hidden]), select:not(.relative)")];
    return found.filter((element) => element instanceof HTMLInputElement || element instanceof HTMLSelectElement);
  }

  /** @returns {string[]} */
  words() {
    const words = this.#current();
    const isDefault = words.length === this.defaults.length && words.every((word, i) => word === this.defaults[i]);
    if (isDefault) return [];
    if (words.length > 0) return words;
    // Empty: for a text, a list, and what may be nothing, that is a value of its own; a number's means its default.
    const { type } = this.wrapper.dataset;
    return this.isRepeated || "nullable" in this.wrapper.dataset || type === "text" ? [""] : [];
  }

  /** Say what is meant: where an empty field stands for its default, show that. */
  settle() {
    if (this.#current().length === 0 && this.words().length === 0) this.fill(this.defaults);
  }

  isLacking() {
    return this.controls().some((control) => control.required && control.value === "");
  }

  /** @param {string[]} words */
  fill(words) {
    const [first] = this.controls();
    if (first === undefined) return;
    if (this.isCheck && first instanceof HTMLInputElement) {
      first.checked = ON.includes((words.at(-1) ?? "").toLowerCase());
      return;
    }
    const rows = this.isRepeated ? [...words.filter(Boolean), ""] : [words[0] ?? ""];
    this.#makeRows(rows.length);
    this.controls().forEach((control, i) => write(control, rows[i], this.picker));
    this.tidy();
  }

  /** @param {string} fault */
  blame(fault) {
    const line = this.wrapper.querySelector(".fault");
    if (line instanceof HTMLElement) {
      line.hidden = fault === "";
      line.textContent = fault;
    }
    if (fault) this.wrapper.closest("details")?.setAttribute("open", "");
    for (const control of this.controls()) {
      if (fault) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  /** Keep the number beside a slider right, and one empty row below a list. */
  tidy() {
    const controls = this.controls();
    const output = this.wrapper.querySelector("output");
    if (output) output.textContent = controls[0].value;
    this.wrapper.querySelectorAll("select.relative").forEach((select, i) => {
      if (select instanceof HTMLSelectElement) select.value = controls[i].type;
    });
    if (this.isRepeated && controls.at(-1)?.value !== "") {
      this.#makeRows(controls.length + 1);
      const last = this.controls().at(-1);
      if (last) write(last, "", this.picker);
    }
  }

  /**
   * Turn to what was chosen beside a date: a date that is picked, words that are typed, or those very words.
   * @param {HTMLSelectElement} select
   * @returns {boolean} whether that gave the field another value
   */
  turn(select) {
    const control = find(/** @type {HTMLElement} */ (select.parentElement), "input", HTMLInputElement);
    const word = select.value;
    const isKind = word === "text" || word === this.picker;
    if (isKind) [control.type, control.value] = [word, ""];
    else write(control, word, this.picker);
    this.tidy();
    if (isKind) control.focus();
    return !isKind;
  }

  /** @returns {string[]} */
  #current() {
    const controls = this.controls();
    const [first] = controls;
    if (this.isCheck && first instanceof HTMLInputElement) return [first.checked ? "1" : "0"];
    return controls.map((control) => control.value).filter(Boolean);
  }

  /** @param {number} count */
  #makeRows(count) {
    const rows = [...this.wrapper.querySelectorAll(".row")];
    for (let i = rows.length; i < count; i += 1) {
      const copy = rows[0].cloneNode(true);
      if (!(copy instanceof HTMLElement)) return;
      copy.querySelectorAll("[required]").forEach((control) => control.removeAttribute("required"));
      this.wrapper.querySelector(".row:last-of-type")?.after(copy);
    }
    for (const row of rows.slice(count)) row.remove();
  }
}

/**
 * Write *word* into a control, also one that is no value of its kind: it must be seen.
 * @param {Control} control
 * @param {string} word
 * @param {string} picker the type of field by which a date is picked; empty for what is no date
 */
function write(control, word, picker) {
  if (picker) control.setAttribute("type", PICKED.test(word) ? picker : "text");
  control.value = word;
  if (control.value === word) return;
  if (control instanceof HTMLInputElement) control.type = "text";
  else control.add(new Option(word, word));
  control.value = word;
}

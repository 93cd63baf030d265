/** The form of a plot: from its fields to the words of a URL, and back. */

import { Field } from "./field.js";
import { find } from "./page.js";
import { t, tell } from "./words.js";

/** @typedef {[name: string, word: string]} Word */

const LIMIT = /^_([xy])lim(?:\.(\d+))?$/; // the words that say which part of the axes to look at

export class Form {
  #isDragging = false;

  /**
   * @param {HTMLFormElement} element
   * @param {(step: "new" | "more") => void} onChange called when a value changed; "more" while a slider is dragged on
   */
  constructor(element, onChange) {
    this.element = element;
    this.onChange = onChange;
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#changed("new");
    });
    element.addEventListener("change", (event) => {
      if (!isValue(event.target)) return;
      this.#changed(this.#isDragging ? "more" : "new");
      this.#isDragging = false;
    });
    element.addEventListener("input", (event) => this.#typed(event.target));
  }

  /**
   * Return the words that say otherwise than the defaults do.
   * @returns {Word[]}
   */
  words() {
    return this.#fields().flatMap((field) => field.words().map((word) => /** @type {Word} */ ([field.name, word])));
  }

  /** Return the labels of the fields that must be filled in first. */
  lacks() {
    return this.#fields().flatMap((field) => (field.isLacking() ? [field.label] : []));
  }

  /**
   * Fill in *words*, and the defaults where they say nothing.
   * @param {URLSearchParams} words
   */
  restore(words) {
    this.limit(new Map([...words].filter(([name]) => LIMIT.test(name))));
    for (const field of this.#fields()) field.fill(words.has(field.name) ? words.getAll(field.name) : field.defaults);
  }

  /** The part of the axes that is looked at: words by their names. */
  get view() {
    return new Map(this.words().filter(([name]) => LIMIT.test(name)));
  }

  /**
   * Look at that part of the axes: there is a field for each limit, and for no other.
   * @param {Map<string, string>} view
   */
  limit(view) {
    const left = new Map(view);
    for (const field of this.#fields()) {
      if (!LIMIT.test(field.name)) continue;
      const word = left.get(field.name);
      left.delete(field.name);
      if (word === undefined) field.wrapper.remove();
      else field.fill([word]);
    }
    for (const [name, word] of left) this.#addLimit(name).fill([word]);
  }

  /**
   * Show what is wrong, beside each field; in a list, what is wrong with words that have none.
   * @param {Record<string, string>} faults
   */
  blame(faults) {
    const left = new Map(Object.entries(faults).map(([name, message]) => [name, tell({ message })]));
    for (const field of this.#fields()) {
      field.blame(left.get(field.name) ?? "");
      left.delete(field.name);
    }
    const list = this.element.querySelector("#faults");
    if (!(list instanceof HTMLElement)) return;
    list.hidden = left.size === 0;
    list.replaceChildren(...[...left].map(([name, why]) => listItem(name, why)));
  }

  /**
   * Take the fields of *fresh*, with what is filled in and where the reader is.
   * @param {HTMLFormElement} fresh
   */
  replace(fresh) {
    const words = new URLSearchParams(this.words());
    const focused = document.activeElement?.id;
    const isOpen = this.element.querySelector("details")?.open;
    this.element.replaceChildren(...document.importNode(fresh, true).childNodes);
    this.element.dataset.key = fresh.dataset.key;
    this.restore(words);
    const details = this.element.querySelector("details");
    if (details && isOpen) details.open = true;
    const again = focused ? document.getElementById(focused) : null;
    if (again && this.element.contains(again)) again.focus({ preventScroll: true });
  }

  /** @param {"new" | "more"} step */
  #changed(step) {
    const unreadable = this.#fields().filter((field) => field.controls().some((control) => control.validity.badInput));
    for (const field of unreadable) field.blame(field.controls()[0].validationMessage);
    if (unreadable.length > 0) return;
    for (const field of this.#fields()) field.settle();
    this.onChange(step);
  }

  /** @param {EventTarget | null} target */
  #typed(target) {
    if (!(target instanceof HTMLInputElement)) return;
    const wrapper = target.closest(".field");
    if (wrapper instanceof HTMLElement) new Field(wrapper).tidy();
    if (target.type !== "range") return;
    this.#changed(this.#isDragging ? "more" : "new");
    this.#isDragging = true;
  }

  /** Return a new field for the limits called *name*. @param {string} name */
  #addLimit(name) {
    const blank = find(this.element, "#limit-field", HTMLTemplateElement);
    const wrapper = find(document.importNode(blank.content, true), ".field", HTMLElement);
    const [, direction, axes = "0"] = LIMIT.exec(name) ?? [];
    wrapper.dataset.name = name;
    for (const element of wrapper.querySelectorAll("[id], [for], [aria-describedby]")) {
      for (const attribute of ["id", "for", "aria-describedby"]) {
        const value = element.getAttribute(attribute);
        if (value !== null) element.setAttribute(attribute, value.replaceAll("field-_lim", `field-${name}`));
      }
    }
    find(wrapper, "label", HTMLElement).textContent =
      axes === "0" ? t("{direction} limits", { direction }) : t("{direction} limits, axes {axes}", { direction, axes });
    find(wrapper, "input", HTMLInputElement).name = name;
    blank.before(wrapper);
    return new Field(wrapper);
  }

  #fields() {
    const wrappers = [...this.element.querySelectorAll(".field")];
    return wrappers.filter((wrapper) => wrapper instanceof HTMLElement).map((wrapper) => new Field(wrapper));
  }
}

/**
 * @param {string} name
 * @param {string} why
 */
function listItem(name, why) {
  const item = document.createElement("li");
  const code = document.createElement("code");
  code.textContent = name;
  item.append(code, ` ${why}`);
  return item;
}

/**
 * Say whether a change of *target* gave its field another value: of what is chosen beside a date, only words do.
 * @param {EventTarget | null} target
 */
function isValue(target) {
  if (!(target instanceof HTMLSelectElement && target.matches(".relative"))) return true;
  const wrapper = target.closest(".field");
  return wrapper instanceof HTMLElement && new Field(wrapper).turn(target);
}

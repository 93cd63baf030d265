/** The form of a plot: from its fields to the words of a URL, and back. */

/** @typedef {[name: string, word: string]} Word */
/** @typedef {HTMLInputElement | HTMLSelectElement} Control */

const ON = ["1", "true", "on"];

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
    element.addEventListener("change", () => {
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
    for (const field of this.#fields()) field.fill(words.has(field.name) ? words.getAll(field.name) : field.defaults);
  }

  /**
   * Show what is wrong, beside each field; in a list, what is wrong with words that have none.
   * @param {Record<string, string>} faults
   */
  blame(faults) {
    const left = new Map(Object.entries(faults));
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

  #fields() {
    const wrappers = [...this.element.querySelectorAll(".field")];
    return wrappers.filter((wrapper) => wrapper instanceof HTMLElement).map((wrapper) => new Field(wrapper));
  }
}

/** One field, as it stands in the page. */
class Field {
  /** @param {HTMLElement} wrapper */
  constructor(wrapper) {
    this.wrapper = wrapper;
    this.name = wrapper.dataset.name ?? "";
    this.label = wrapper.querySelector("label, .label")?.textContent ?? this.name;
    this.isCheck = wrapper.dataset.type === "checkbox";
    this.isRepeated = "repeated" in wrapper.dataset;
    /** @type {string[]} */
    this.defaults = JSON.parse(wrapper.dataset.default ?? "[]");
  }

  /** @returns {Control[]} */
  controls() {
    const found = [...this.wrapper.querySelectorAll("input:not([type=hidden]), select")];
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
    this.controls().forEach((control, i) => write(control, rows[i]));
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
    if (this.isRepeated && controls.at(-1)?.value !== "") {
      this.#makeRows(controls.length + 1);
      const last = this.controls().at(-1);
      if (last) write(last, "");
    }
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
 */
function write(control, word) {
  control.value = word;
  if (control.value === word) return;
  if (control instanceof HTMLInputElement) control.type = "text";
  else control.add(new Option(word, word));
  control.value = word;
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

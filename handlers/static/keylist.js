/** The list of keys, as a dialog; fetched when somebody asks for it. */

import { areKeysOn, switchKeys } from "./keys.js";
import { t } from "./words.js";

const GESTURES = [
  [t("drag"), t("zoom into that box")],
  [t("wheel, pinch"), t("zoom around that point")],
  [t("right button, two fingers"), t("move what is shown")],
  [t("double click"), t("show all again")],
];

/**
 * Show what the keys do.
 * @param {Map<string, import("./keys.js").Key>} keys
 */
export function showKeys(keys) {
  const dialog = element("dialog", "keys");
  dialog.setAttribute("aria-labelledby", "keys-title");
  const title = element("h2", "", t("Keys"));
  title.id = "keys-title";
  dialog.append(title, listOf([...keys].map(([key, { does }]) => [element("kbd", "", key), does])));
  if (keys.has("0")) dialog.append(element("h3", "", t("On the picture")), listOf(GESTURES));
  dialog.append(onOrOff(), closing(dialog));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it: what is in it fills it
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {(string | HTMLElement)[][]} rows */
function listOf(rows) {
  const list = element("dl", "");
  for (const [name, does] of rows) {
    const [term, told] = [element("dt", ""), element("dd", "")];
    term.append(name);
    told.append(does);
    list.append(term, told);
  }
  return list;
}

function onOrOff() {
  const label = element("label", "check");
  const box = element("input", "");
  box.type = "checkbox";
  box.checked = areKeysOn();
  box.addEventListener("change", () => switchKeys(box.checked));
  label.append(box, t("Keys of one letter are on"));
  return label;
}

/** @param {HTMLDialogElement} dialog */
function closing(dialog) {
  const button = element("button", "", t("Close"));
  button.type = "button";
  button.autofocus = true;
  button.addEventListener("click", () => dialog.close());
  return button;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {string} [text]
 */
function element(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

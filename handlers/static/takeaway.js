/** What can be taken away from a plot's page: its picture and its addresses, in the forms that others take. */

import { find, write } from "./page.js";
import { t } from "./words.js";

const SAID_MS = 2000;
let timer = 0;

/** The address of the picture, as others reach it. */
function picture() {
  return find(document, "#address", HTMLInputElement).value;
}

/** The address of this page, as others reach it. */
function page() {
  return new URL(picture()).origin + location.pathname + location.search;
}

function title() {
  return find(document, "h1", HTMLElement).textContent?.trim() ?? "";
}

/** @type {Record<string, () => string | Promise<string>>} */
const TEXTS = {
  address: picture,
  link: page,
  markdown: () => `[![${title().replace(/[[\]\\]/g, "\\$&")}](${picture()})](${page()})`,
  html: () => tag(picture()),
  inside: async () => tag(await asData()),
};

/**
 * Return *source* as HTML that shows it.
 * @param {string} source
 */
function tag(source) {
  const image = document.createElement("img");
  image.setAttribute("src", source); // as a property it would be fetched
  image.alt = title();
  return new XMLSerializer().serializeToString(image).replace(/ xmlns="[^"]*"/, "").replace(/ ?\/>$/, ">");
}

/** Return the picture that is seen, as its file. */
async function file() {
  const image = find(document, "img.live", HTMLImageElement);
  const response = await fetch(image.currentSrc);
  if (!response.ok) throw new Error(response.statusText);
  return response.blob();
}

/** @returns {Promise<string>} */
async function asData() {
  const reader = new FileReader();
  const read = new Promise((done) => reader.addEventListener("loadend", done));
  reader.readAsDataURL(await file());
  await read;
  return String(reader.result);
}

/** @param {string} kind */
async function copy(kind) {
  if (kind === "picture") {
    // Made at once with what is to come: some browsers let nobody write later than that.
    await navigator.clipboard.write([new ClipboardItem({ "image/png": file() })]);
    return;
  }
  const text = await TEXTS[kind]();
  // Only https and loopback may use the clipboard; elsewhere the old way still works.
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyTheOldWay(text);
}

/** @param {string} text */
function copyTheOldWay(text) {
  const field = document.createElement("textarea");
  field.className = "unseen";
  field.value = text;
  find(document, "#takeaway", HTMLElement).append(field); // within what is open: elsewhere it couldn't be selected
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (!isCopied) throw new Error("nothing was copied");
}

/** @param {string} text */
function say(text) {
  const line = find(document, "#taken", HTMLElement);
  write(line, text);
  window.clearTimeout(timer);
  timer = window.setTimeout(() => write(line, ""), SAID_MS);
}

/** Copy what the button that was pressed names. @param {Event} event */
async function take(event) {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!(button instanceof HTMLElement)) return;
  say(""); // of the last copy
  const isCopied = await copy(button.dataset.copy ?? "").then(() => true, () => false);
  say(isCopied ? t("Copied") : t("The browser didn't allow that"));
}

find(document, "#takeaway", HTMLElement).addEventListener("click", (event) => void take(event));

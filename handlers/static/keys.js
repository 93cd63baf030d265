/** Keys of one letter: what each does on this page. The list of them is fetched only for whoever asks for it. */

import { address } from "./http.js";
import { turnTheme } from "./theme.js";
import { t } from "./words.js";

/** @typedef {{does: string, act: () => void}} Key */

/** @type {Map<string, Key>} */
export const keys = new Map();

const SWITCH = "plotd-keys";
const TYPED_IN = "input:not([type=checkbox], [type=range], [type=button]), select, textarea, [contenteditable]";

/**
 * Let *key* do something on this page.
 * @param {string} key as the event names it
 * @param {string} does what, in the reader's words
 * @param {() => void} act
 */
export function onKey(key, does, act) {
  keys.set(key, { does, act });
}

/** Say whether the reader wants keys of one letter at all: to voices that dictate they are a trap. */
export function areKeysOn() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} isOn */
export function switchKeys(isOn) {
  try {
    if (isOn) localStorage.removeItem(SWITCH);
    else localStorage.setItem(SWITCH, "off");
  } catch {
    // Storage may be forbidden: then they stay on.
  }
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.target instanceof Element && event.target.closest(TYPED_IN)) return;
  if (document.querySelector("dialog:modal") || !areKeysOn()) return;
  const key = keys.get(event.key === "=" ? "+" : event.key);
  if (key === undefined) return;
  event.preventDefault();
  key.act();
}

async function showList() {
  const list = await import("./keylist.js").catch(() => null); // offline: it is asked for again
  list?.showKeys(keys);
}

/** @param {1 | -1} places */
async function step(places) {
  const walking = await import("./walk.js").catch(() => null);
  await walking?.walk(places);
}

/** Go to the gallery, and with *hash* to its search. */
function search() {
  const field = document.querySelector("#search");
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  } else location.assign(address("#search"));
}

function fillScreen() {
  const shown = document.querySelector(".stage") ?? document.documentElement;
  if (document.fullscreenElement) void document.exitFullscreen();
  else void shown.requestFullscreen().catch(() => null); // the browser may have reasons not to
}

/** @param {string} base the address of the plot's page */
function refresh(base) {
  const name = new URL(base, location.href).pathname.slice(address("plots/").pathname.length);
  void fetch(address(`-/refresh/${name}`), { method: "POST" }).catch(() => null); // being offline is told already
}

/** @param {string} selector */
function click(selector) {
  const button = document.querySelector(selector);
  if (button instanceof HTMLElement && button.checkVisibility()) button.click();
}

onKey("?", t("List the keys"), () => void showList());
onKey("/", t("Search"), search);
onKey("g", t("Gallery"), () => location.assign(address("")));
onKey("j", t("Next plot"), () => void step(1));
onKey("k", t("Previous plot"), () => void step(-1));
onKey("f", t("Full screen"), fillScreen);
onKey("d", t("Dark or light"), turnTheme);

const plot = document.querySelector("main")?.dataset.plot;
if (plot !== undefined) {
  onKey("r", t("Draw again"), () => refresh(plot));
  onKey("p", t("Pause"), () => click("#pause"));
}

document.addEventListener("keydown", pressed);
document.querySelector("#keys")?.addEventListener("click", () => void showList());
document.querySelector("#theme")?.addEventListener("click", turnTheme);
if (location.hash === "#search") search();

/** Light or dark: what the reader chose on these pages, else what the system says. */

/** @typedef {"light" | "dark"} Theme */

const KEY = "plotd-theme"; // early.js reads it too
const system = window.matchMedia("(prefers-color-scheme: dark)");
/** @type {Set<(theme: Theme) => void>} */
const listeners = new Set();

/**
 * Return the theme that the page has now.
 * @returns {Theme}
 */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

/** Turn light to dark and back, on all open pages; what the system says counts again once both agree. */
export function turnTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  const isSystems = next === (system.matches ? "dark" : "light");
  try {
    if (isSystems) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Storage may be forbidden: the choice then holds for this page only.
  }
  set(isSystems ? null : next);
}

/**
 * Call *listener* whenever the theme is another one.
 * @param {(theme: Theme) => void} listener
 */
export function onTheme(listener) {
  listeners.add(listener);
}

/** @param {string | null} chosen */
function set(chosen) {
  const before = theme();
  if (chosen === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  if (theme() !== before) tell();
}

function tell() {
  for (const listener of listeners) listener(theme());
}

system.addEventListener("change", () => {
  if (document.documentElement.dataset.theme === undefined) tell();
});
window.addEventListener("storage", (event) => {
  if (event.key === KEY) set(event.newValue);
});

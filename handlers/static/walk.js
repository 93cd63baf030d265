/** From plot to plot with the keys; fetched when somebody does. */

import { address } from "./http.js";

/**
 * @typedef {object} Plot
 * @property {string} link
 * @property {string | null} unservable
 * @property {{required?: string[]}} parameters
 * @property {Record<string, string[]>} example
 */

/**
 * Go to the plot that stands so many places further in the catalog; in the gallery, only to its link.
 * @param {1 | -1} places
 */
export async function walk(places) {
  const base = document.querySelector("main")?.dataset.plot;
  if (base === undefined) {
    focusNext(places);
    return;
  }
  const pages = (await catalog()).filter((plot) => plot.unservable === null).map(pageOf);
  const at = pages.findIndex((page) => page.pathname === new URL(base, location.href).pathname);
  if (pages[at + places]) location.assign(pages[at + places]);
}

/** @param {1 | -1} places */
function focusNext(places) {
  const all = document.querySelectorAll("main .tile h3 > a, main tbody th > a");
  const links = [...all].filter((link) => link.checkVisibility());
  const at = links.findIndex((link) => link === document.activeElement);
  const next = links[at < 0 && places < 0 ? links.length - 1 : at + places];
  if (next instanceof HTMLElement) next.focus();
}

/** @returns {Promise<Plot[]>} */
async function catalog() {
  const response = await fetch(address("-/plots.json")).catch(() => null);
  return (await response?.json().catch(() => null))?.plots ?? [];
}

/**
 * Return the page of a plot, filled with its author's example if it shows nothing without.
 * @param {Plot} plot
 */
function pageOf(plot) {
  const page = address(`plots/${plot.link}`);
  if (!plot.parameters.required?.length) return page;
  for (const [name, words] of Object.entries(plot.example)) {
    for (const word of words) page.searchParams.append(name, word);
  }
  return page;
}

/** The gallery's plots as rows of figures: these are renewed in place, and no row moves while somebody reads it. */

import { ago } from "./clock.js";
import { write } from "./page.js";

/**
 * Write what is new in *fresh* into the rows of *main*.
 * @param {HTMLElement} main
 * @param {HTMLElement} fresh
 */
export function renew(main, fresh) {
  const rows = new Map(rowsOf(fresh).map((row) => [row.dataset.name, row]));
  for (const row of rowsOf(main)) {
    const news = rows.get(row.dataset.name);
    [...row.cells].forEach((cell, i) => news && renewCell(cell, news.cells[i]));
  }
}

/**
 * Say how long ago each time in *main* was.
 * @param {HTMLElement} main
 */
export function tellAges(main) {
  for (const time of main.querySelectorAll("tbody time")) {
    if (!(time instanceof HTMLTimeElement)) continue;
    const atMs = Date.parse(time.dateTime);
    write(time, ago(atMs));
    time.title ||= new Date(atMs).toLocaleString();
  }
}

/**
 * @param {HTMLTableCellElement} cell
 * @param {HTMLTableCellElement} news
 */
function renewCell(cell, news) {
  if (said(cell) !== said(news)) cell.replaceChildren(...document.importNode(news, true).childNodes);
}

/**
 * Return what a cell says, whatever the time is.
 * @param {HTMLTableCellElement} cell
 */
function said(cell) {
  return cell.querySelector("time")?.dateTime ?? cell.textContent;
}

/**
 * @param {HTMLElement} main
 * @returns {HTMLTableRowElement[]}
 */
function rowsOf(main) {
  return [...main.querySelectorAll("tr[data-name]")].filter((row) => row instanceof HTMLTableRowElement);
}

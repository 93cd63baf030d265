/** What pages say, in the reader's language: the daemon puts a table into each page that isn't English. */

/** @type {Record<string, string>} */
const table = JSON.parse(document.querySelector("#words")?.textContent ?? "{}");

/**
 * Return *phrase* in the reader's language, with *values* in place of their names in braces.
 * @param {string} phrase in English, such as "{count} s ago"
 * @param {Record<string, string | number>} [values]
 */
export function t(phrase, values = {}) {
  return (table[phrase] ?? phrase).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

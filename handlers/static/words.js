/** What pages say, in the reader's language: the daemon puts a table into each page that isn't English. */

/** @type {Record<string, string>} */
export const table = JSON.parse(document.querySelector("#words")?.textContent ?? "{}");

/** @typedef {{code?: string, message: string}} Told an error, in the daemon's English */

/** @type {(told: Told) => string} */
let teller = ({ message }) => message;

/**
 * Return *phrase* in the reader's language, with *values* in place of their names in braces.
 * @param {string} phrase in English, such as "{count} s ago"
 * @param {Record<string, string | number>} [values]
 */
export function t(phrase, values = {}) {
  return (table[phrase] ?? phrase).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Return what is said of an error, in the reader's language. @param {Told} told */
export function tell(told) {
  return teller(told);
}

/** Have errors told by *other*, which knows the language. @param {(told: Told) => string} other */
export function letTell(other) {
  teller = other;
}

/** What pages say, in the reader's language: the daemon puts a table into each page that isn't English. */

const HOLE = /\{\d\}/;

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

/** @typedef {{code?: string, message: string}} Told an error, in the daemon's English */

/**
 * Return what is said of an error in the reader's language: those of its parts that the daemon made. Where a plot
 * failed a name before a colon is that of an exception, whose text is its author's; elsewhere it is a field's.
 * handlers/language.py has its like.
 * @param {Told} told
 */
export function tell({ code = "", message }) {
  return message.split("; ").map((part) => partOf(part, code)).join("; ");
}

/** @param {string} text @param {string} code */
function partOf(text, code) {
  const [, name, why] = (code !== "plot_failed" && /^([\p{L}\p{N}_.-]{1,100}): (.+)$/su.exec(text)) || ["", "", ""];
  const said = why && translated(why);
  return translated(text) ?? (said ? `${name}: ${said}` : text);
}

/**
 * Return *text* in the reader's language, if it is one of the table's, with other words in its holes.
 * @param {string} text
 * @returns {string | undefined}
 */
function translated(text) {
  if (Object.hasOwn(table, text)) return table[text];
  for (const [pattern, translation] of patterns()) {
    const about = pattern.exec(text)?.slice(1);
    if (about) return translation.replace(/\{(\d)\}/g, (_, n) => translated(about[n]) ?? about[n]);
  }
  return undefined;
}

/** @type {[RegExp, string][] | null} */
let made = null;

/** Return the phrases with holes, the one that says most first, and their translations. */
function patterns() {
  made ??= Object.entries(table)
    .filter(([known]) => HOLE.test(known))
    .map(([known, translation]) => ({ parts: known.split(HOLE), translation }))
    .sort((one, other) => other.parts.join("").length - one.parts.join("").length)
    .map(({ parts, translation }) => [new RegExp(`^${parts.map(escaped).join("(.*?)")}$`, "s"), translation]);
  return made;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

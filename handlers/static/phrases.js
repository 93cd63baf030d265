/** Errors in the reader's language: for pages that aren't English. handlers/language.py has its like. */

import { letTell, table } from "./words.js";

const HOLE = /\{\d\}/;
const NAMED = /^([\p{L}\p{N}_.-]{1,100}): (.+)$/su;

/** @type {[RegExp, string][]} The phrases with holes, the one that says most first, and their translations */
const patterns = Object.entries(table)
  .filter(([phrase]) => HOLE.test(phrase))
  .map(([phrase, translation]) => ({ parts: phrase.split(HOLE), translation }))
  .sort((one, other) => other.parts.join("").length - one.parts.join("").length)
  .map(({ parts, translation }) => [new RegExp(`^${parts.map(escaped).join("(.*?)")}$`, "s"), translation]);

// Only what the daemon made is translated. Where a plot failed a name before a colon is that of an exception, whose
// text is its author's; elsewhere it is a field's.
letTell(({ code = "", message }) =>
  message
    .split("; ")
    .map((part) => partOf(part, code))
    .join("; "),
);

/** @param {string} text @param {string} code */
function partOf(text, code) {
  const told = translated(text);
  if (told !== undefined || code === "plot_failed") return told ?? text;
  const [, name, why] = NAMED.exec(text) ?? ["", "", ""];
  const said = why && translated(why);
  return said ? `${name}: ${said}` : text;
}

/**
 * Return *text* in the reader's language, if it is one of the table's, with other words in its holes.
 * @param {string} text
 * @returns {string | undefined}
 */
function translated(text) {
  if (Object.hasOwn(table, text)) return table[text];
  for (const [pattern, translation] of patterns) {
    const about = pattern.exec(text)?.slice(1);
    if (about) return translation.replace(/\{(\d)\}/g, (_, n) => translated(about[n]) ?? about[n]);
  }
  return undefined;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

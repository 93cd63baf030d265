/** The page itself: what is in it, and what the daemon would send in its place now. */

/**
 * Return the element of that id or selector; a page without it is no page of ours.
 * @template {HTMLElement} T
 * @param {ParentNode} within
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(within, selector, kind) {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page holds no ${selector}`);
  return found;
}

/**
 * Return this page as the daemon would send it now; null if it can't.
 * @returns {Promise<Document | null>}
 */
export async function freshPage() {
  const url = new URL(location.href);
  url.searchParams.set("_", String(Date.now())); // a cache in between may keep pages for a second, or more
  const response = await fetch(url, { headers: { Accept: "text/html" } }).catch(() => null);
  if (response === null || (!response.ok && response.status !== 400)) return null;
  const text = await response.text().catch(() => null);
  return text === null ? null : new DOMParser().parseFromString(text, "text/html");
}

/**
 * Write only what is new: what is selected, or read aloud, stays so.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

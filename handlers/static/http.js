/** Where the daemon's addresses are, and what its answers say of themselves. */

/**
 * Return one of the daemon's own addresses, told from its root: that may lie below a prefix, as does this script.
 * @param {string} path
 */
export function address(path) {
  return new URL(`../${path}`, import.meta.url);
}

/**
 * Return the address under which a browser may keep the picture with the etag *etag* for ever.
 * @param {string} url
 * @param {string} etag
 */
export function pinned(url, etag) {
  return `${url}${url.includes("?") ? "&" : "?"}_etag=${etag}`;
}

/**
 * Return the etag of an answer; empty if it has none.
 * @param {Headers} headers
 */
export function etagOf(headers) {
  return (headers.get("ETag") ?? "").replace(/^(W\/)?"|"$/g, "");
}

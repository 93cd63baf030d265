/** The daemon's clock, and how long ago something was by it. */

import { address } from "./http.js";
import { t } from "./words.js";

let aheadMs = 0; // how far the daemon's clock is ahead of this machine's

/** Ask the daemon what time it is. */
export async function setClock() {
  const response = await fetch(address("healthz"), { cache: "no-store" }).catch(() => null);
  await response?.arrayBuffer().catch(() => null); // one that is never read ends as a failed request
  const date = Date.parse(response?.headers.get("Date") ?? "");
  // The header counts whole seconds: on average the half of one has passed.
  const offMs = date + 500 - Date.now();
  if (!Number.isNaN(offMs)) aheadMs = Math.abs(offMs) < 1500 ? 0 : offMs;
}

/**
 * Return how long ago *atMs* was, in words.
 * @param {number} atMs
 */
export function ago(atMs) {
  const seconds = (Date.now() + aheadMs - atMs) / 1000;
  if (seconds < 2) return t("just now");
  if (seconds < 60) return t("{n} s ago", { n: Math.floor(seconds) });
  if (seconds < 3600) return t("{n} min ago", { n: Math.floor(seconds / 60) });
  if (seconds < 86400 * 2) return t("{n} h ago", { n: Math.floor(seconds / 3600) });
  return t("{n} days ago", { n: Math.floor(seconds / 86400) });
}

/**
 * Return a number of milliseconds as people say it.
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < 1000) return `${Math.max(1, Math.round(ms))} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/**
 * Call *tick* each second while somebody looks.
 * @param {() => void} tick
 */
export function everySecond(tick) {
  window.setInterval(() => {
    if (!document.hidden) tick();
  }, 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) tick();
  });
}

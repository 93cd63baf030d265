/**
 * One websocket for all pictures of a page. It says which of them changed, and whether the daemon is there at all;
 * what they look like is fetched by HTTP. Where sockets don't get through, waiting requests say so instead.
 */

import { address } from "./http.js";

/**
 * @typedef {object} News what the daemon says of one picture
 * @property {string} url
 * @property {string | null} etag
 * @property {"fresh" | "rendering" | "stale" | "gone"} state
 * @property {{code: string, message: string, fields?: Record<string, string>}} [error]
 */

/** @typedef {"connecting" | "live" | "offline"} Link whether the daemon is there */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const SELDOM_MS = 120_000; // the longest wait where sockets don't get through, and nothing depends on them
const PROBE_MS = 20_000; // how often an idle connection is tried
const ANSWER_MS = 10_000; // how long the answer to that may take

export class LiveSocket {
  /** @type {Map<string, (news: News) => void>} */
  #listeners = new Map();
  /** @type {WebSocket | null} */
  #socket = null;
  #failures = 0;
  #retry = 0;
  #heardAt = 0;
  #isHeard = false; // whether this socket ever said anything
  /** @type {import("./waiting.js").Waiting | null} what does without sockets, once that was needed */
  #waiting = null;

  /**
   * @param {(link: Link) => void} onLink called when the connection comes or goes
   * @param {() => void} onCatalog called when plots came, went or were edited, or may have
   */
  constructor(onLink, onCatalog) {
    this.onLink = onLink;
    this.onCatalog = onCatalog;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#rest() : this.#resume()));
    window.addEventListener("online", () => this.#resume());
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", (event) => event.persisted && this.#resume());
    window.setInterval(() => this.#probe(), PROBE_MS);
    this.#connect();
  }

  /** Whether there will be news. */
  get isOpen() {
    return this.#waiting?.isOn || this.#socket?.readyState === WebSocket.OPEN;
  }

  /**
   * Hear of the picture at *url*: at once, and whenever it changes.
   * @param {string} url
   * @param {(news: News) => void} listener
   */
  watch(url, listener) {
    this.#listeners.set(url, listener);
    if (document.hidden) return;
    this.#say({ watch: [url] });
    this.#waiting?.takeUp();
  }

  /** @param {string} url */
  unwatch(url) {
    if (!this.#listeners.delete(url)) return;
    this.#say({ unwatch: [url] });
    this.#waiting?.leave(url);
  }

  /** @param {{watch?: string[], unwatch?: string[]}} message */
  #say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #connect() {
    window.clearTimeout(this.#retry);
    const url = address("live");
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#isHeard = false;
    const mine = (/** @type {(event: any) => void} */ act) => (/** @type {Event} */ event) => {
      if (this.#socket === socket) act(event);
    };
    socket.onopen = mine(() => this.#opened());
    socket.onmessage = mine((event) => this.#heard(JSON.parse(event.data)));
    socket.onclose = mine(() => this.#lost());
    window.setTimeout(mine(() => socket.readyState === WebSocket.CONNECTING && this.#lost()), ANSWER_MS);
  }

  #opened() {
    this.#heardAt = performance.now();
    this.onLink("live");
    if (!document.hidden) this.#watchAll();
    this.onCatalog(); // what changed before this socket was open was told to others
  }

  #watchAll() {
    for (const url of this.#listeners.keys()) this.#say({ watch: [url] });
  }

  /** @param {any} message */
  #heard(message) {
    this.#heardAt = performance.now();
    this.#isHeard = true;
    this.#failures = 0;
    this.#waiting?.stop();
    if ("catalog" in message) this.onCatalog();
    if ("url" in message) this.#listeners.get(message.url)?.(message);
  }

  #lost() {
    this.#drop();
    if (this.#isHeard) this.#away();
    else if (this.#waiting?.isOn) this.#comeBack(SELDOM_MS);
    else void this.#doWithout();
  }

  /** Requests that wait are answered no more. */
  #left() {
    if (this.#waiting?.isHeard) this.#failures = 0;
    this.#away();
  }

  /** The daemon isn't there. */
  #away() {
    this.#waiting?.stop();
    this.onLink("offline");
    this.#comeBack(LONGEST_WAIT_MS);
  }

  /** Nothing was ever heard by the socket: if the daemon is there all the same, ask it by requests that wait. */
  async #doWithout() {
    const options = { cache: /** @type {const} */ ("no-store"), signal: AbortSignal.timeout(ANSWER_MS) };
    const response = await fetch(address("healthz"), options).catch(() => null);
    const own = response && (await fetch(import.meta.url, { ...options, method: "HEAD" }).catch(() => null));
    if (own?.status === 401) {
      window.location.reload(); // what shows then is where to sign in, and come back from
      return;
    }
    const waiting = response?.ok ? await this.#without() : null;
    if (this.#socket !== null || document.hidden) return; // tried anew already, or once somebody looks
    if (waiting === null) {
      this.#away();
      return;
    }
    waiting.start();
    this.onLink("live");
    this.onCatalog();
    this.#comeBack(SELDOM_MS);
  }

  /** Return what does without sockets; null if that can't be had, as without the daemon. */
  async #without() {
    const module = await import("./waiting.js").catch(() => null);
    if (module !== null) this.#waiting ??= new module.Waiting(this.#listeners, this.onCatalog, () => this.#left());
    return this.#waiting;
  }

  /**
   * Come back after a while: a random one, so that not all pages of a restarted daemon come at once.
   * @param {number} longestMs
   */
  #comeBack(longestMs) {
    window.clearTimeout(this.#retry);
    const longest = Math.min(longestMs, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    if (!document.hidden) this.#retry = window.setTimeout(() => this.#connect(), Math.random() * longest);
  }

  /** Leave the connection without another word. */
  #drop() {
    window.clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #leave() {
    this.#drop();
    this.#waiting?.stop();
  }

  /** Nobody looks: nothing need be drawn. */
  #rest() {
    for (const url of this.#listeners.keys()) this.#say({ unwatch: [url] });
    this.#waiting?.stop();
  }

  /** Somebody looks again: catch up. */
  #resume() {
    if (document.hidden) return;
    if (this.#socket === null) this.#connect();
    else this.#watchAll();
  }

  /** Ask something: a network that went away tells nobody, it is only silent. */
  #probe() {
    const [url] = this.#listeners.keys();
    const socket = this.#socket;
    if (url === undefined || document.hidden || socket?.readyState !== WebSocket.OPEN) return;
    const askedAt = performance.now();
    this.#say({ watch: [url] });
    window.setTimeout(() => {
      if (this.#socket === socket && this.#heardAt < askedAt) this.#lost();
    }, ANSWER_MS);
  }
}

/**
 * One websocket for all pictures of a page. It says which of them changed, and whether the daemon is there at all;
 * what they look like is fetched by HTTP.
 */

/**
 * @typedef {object} News what the daemon says of one picture
 * @property {string} url
 * @property {string | null} etag
 * @property {"fresh" | "rendering" | "stale" | "gone"} state
 * @property {{code: string, message: string}} [error]
 */

/** @typedef {"connecting" | "live" | "offline"} Link whether the daemon is there */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
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

  /**
   * @param {(link: Link) => void} onLink called when the connection comes or goes
   * @param {() => void} onCatalog called when plots came, went or were edited, or may have
   */
  constructor(onLink, onCatalog) {
    this.onLink = onLink;
    this.onCatalog = onCatalog;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#rest() : this.#resume()));
    window.addEventListener("online", () => this.#resume());
    window.addEventListener("pagehide", () => this.#drop());
    window.addEventListener("pageshow", (event) => event.persisted && this.#resume());
    window.setInterval(() => this.#probe(), PROBE_MS);
    this.#connect();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /**
   * Hear of the picture at *url*: at once, and whenever it changes.
   * @param {string} url
   * @param {(news: News) => void} listener
   */
  watch(url, listener) {
    this.#listeners.set(url, listener);
    if (!document.hidden) this.#say({ watch: [url] });
  }

  /** @param {string} url */
  unwatch(url) {
    if (this.#listeners.delete(url)) this.#say({ unwatch: [url] });
  }

  /** @param {{watch?: string[], unwatch?: string[]}} message */
  #say(message) {
    if (this.isOpen) this.#socket?.send(JSON.stringify(message));
  }

  #connect() {
    window.clearTimeout(this.#retry);
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
    this.#socket = socket;
    const mine = (/** @type {(event: any) => void} */ act) => (/** @type {Event} */ event) => {
      if (this.#socket === socket) act(event);
    };
    socket.onopen = mine(() => this.#opened());
    socket.onmessage = mine((event) => this.#heard(JSON.parse(event.data)));
    socket.onclose = mine(() => this.#lost());
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
    this.#failures = 0;
    if ("catalog" in message) this.onCatalog();
    if ("url" in message) this.#listeners.get(message.url)?.(message);
  }

  /** Come back after a while: a random one, so that not all pages of a restarted daemon come at once. */
  #lost() {
    this.#drop();
    this.onLink("offline");
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
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

  /** Nobody looks: nothing need be drawn. */
  #rest() {
    for (const url of this.#listeners.keys()) this.#say({ unwatch: [url] });
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

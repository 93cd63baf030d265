/** Keeps one picture what the daemon says it is. */

/** @typedef {import("./socket.js").News} News */
/** @typedef {import("./socket.js").LiveSocket} LiveSocket */
/** @typedef {import("./picture.js").Picture} Picture */

const PATIENCE_MS = 2000; // how long to wait for the socket's word before asking by HTTP

export class Follower {
  /** @type {string | null} */
  url = null;
  #timer = 0;

  /**
   * @param {LiveSocket} socket
   * @param {Picture} picture
   * @param {(news: News) => void} onNews
   */
  constructor(socket, picture, onNews) {
    this.socket = socket;
    this.picture = picture;
    this.onNews = onNews;
  }

  /**
   * Show the picture at *url* from now on, and no other.
   * @param {string} url
   */
  follow(url) {
    if (url === this.url) return;
    this.stop();
    this.url = url;
    this.socket.watch(url, (news) => this.#hear(news));
    this.#wait(url);
  }

  /** Leave the picture as it is. */
  stop() {
    window.clearTimeout(this.#timer);
    if (this.url !== null) this.socket.unwatch(this.url);
    this.url = null;
  }

  /**
   * Wait for the socket's word; where there is no socket, do without.
   * @param {string} url
   */
  #wait(url) {
    this.#timer = window.setTimeout(() => {
      if (this.socket.isOpen) this.#wait(url);
      else void this.picture.show(url, null);
    }, PATIENCE_MS);
  }

  /** @param {News} news */
  #hear(news) {
    window.clearTimeout(this.#timer);
    const isDrawn = news.state === "fresh" || news.state === "stale";
    if (isDrawn && news.etag !== null) void this.picture.show(news.url, news.etag);
    this.onNews(news);
  }
}

/** Keeps one picture what the daemon says it is. */

/** @typedef {import("./socket.js").News} News */
/** @typedef {import("./socket.js").LiveSocket} LiveSocket */
/** @typedef {import("./picture.js").Picture} Picture */

const PATIENCE_MS = 2000; // how long to wait for the socket's word before asking by HTTP

export class Follower {
  /** @type {string | null} */
  url = null;
  isPaused = false;
  /** @type {string | null} what to follow once there is an answer to what was asked */
  #next = null;
  #isWaiting = false;
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
   * Show the picture at *url* from now on, and no other; while paused, as it is now.
   * @param {string} url
   */
  follow(url) {
    this.#next = null;
    if (url === this.url) return;
    this.stop();
    this.url = url;
    this.#isWaiting = true;
    if (this.isPaused) void this.#show(url, null);
    else this.#watch(url);
  }

  /**
   * Do so once the picture on its way is there: of many that are asked for meanwhile, only the last is drawn.
   * @param {string} url
   */
  followNext(url) {
    if (this.#isWaiting && url !== this.url) this.#next = url;
    else this.follow(url);
  }

  /** Leave the picture as it is. */
  stop() {
    this.#unwatch();
    this.#isWaiting = false;
    this.#next = null;
    this.url = null;
  }

  /**
   * Leave it as it is for a while, or catch up.
   * @param {boolean} isPaused
   */
  pause(isPaused) {
    this.isPaused = isPaused;
    if (this.url === null) return;
    if (isPaused) this.#unwatch();
    else this.#watch(this.url);
  }

  /** @param {string} url */
  #watch(url) {
    this.socket.watch(url, (news) => this.#hear(news));
    this.#wait(url);
  }

  #unwatch() {
    window.clearTimeout(this.#timer);
    if (this.url !== null) this.socket.unwatch(this.url);
  }

  /**
   * Wait for the socket's word; where there is no socket, do without.
   * @param {string} url
   */
  #wait(url) {
    this.#timer = window.setTimeout(() => {
      if (this.socket.isOpen) this.#wait(url);
      else void this.#show(url, null);
    }, PATIENCE_MS);
  }

  /** @param {News} news */
  #hear(news) {
    window.clearTimeout(this.#timer);
    const isAnswer = news.state !== "rendering";
    if (isAnswer && news.state !== "gone" && news.etag !== null) void this.#show(news.url, news.etag);
    else if (isAnswer) this.#answered(news.url);
    this.onNews(news);
  }

  /**
   * @param {string} url
   * @param {string | null} etag
   */
  async #show(url, etag) {
    await this.picture.show(url, etag);
    this.#answered(url);
  }

  /** @param {string} url */
  #answered(url) {
    if (url !== this.url) return;
    this.#isWaiting = false;
    if (this.#next !== null) this.follow(this.#next);
  }
}

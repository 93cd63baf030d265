/** In which condition the page is, and who is told: its line of state, its tab, whoever has it read aloud. */

import { find, write } from "./page.js";
import { StatusLine, TROUBLED } from "./status.js";
import { Tab } from "./tab.js";
import { t, tell } from "./words.js";

/** @typedef {import("./status.js").State} State */

const SPOKEN = ["offline", "gone", "paused"]; // states that are read aloud, as is their end

export class Condition {
  /** @type {import("./socket.js").Link} whether the daemon is there */
  link = "connecting";
  /** @type {import("./socket.js").News | null} what it said last of the picture that the page asks for */
  news = null;

  /**
   * @param {import("./plot.js").PlotPage} page
   */
  constructor(page) {
    this.page = page;
    this.line = new StatusLine(find(document, "#state", HTMLElement), (state) => this.#told(state));
    this.said = find(document, "#said", HTMLElement);
    this.tab = new Tab();
  }

  /** Tell what is the matter by now. */
  tell() {
    this.line.state = this.#state();
    this.line.tell(this.page.picture.shown);
    this.line.explain(this.#reason().split("\n", 1)[0]);
  }

  /** Return why there is nothing newer; empty if there is. */
  #reason() {
    const { shown } = this.page.picture;
    if (this.link !== "offline") return this.news?.error ? tell(this.news.error) : "";
    if (shown === null) return "";
    return t("picture of {time}, trying again", { time: new Date(shown.atMs).toLocaleTimeString() });
  }

  /** @returns {State} */
  #state() {
    if (this.link === "offline") return "offline";
    if (document.hidden) return "asleep";
    if (this.page.form.lacks().length || this.news?.error?.code === "bad_parameter") return "waiting";
    if (this.news?.state === "stale") return this.page.picture.shown ? "stale" : "failed";
    return this.news?.state === "gone" ? "gone" : this.#progress();
  }

  /** @returns {State} */
  #progress() {
    const { news, page } = this;
    if (page.follower.isPaused && page.picture.shown?.url === page.pictureUrl) return "paused";
    if (this.link === "connecting") return "connecting";
    return news?.state === "fresh" && page.picture.isShown(news.url, news.etag) ? "live" : "rendering";
  }

  /** Another state is told. @param {State} state */
  #told(state) {
    this.page.stage.element.dataset.state = state;
    if (state === "asleep") return;
    this.tab.tell(TROUBLED.includes(state));
    if (SPOKEN.includes(state) || (state === "live" && this.said.textContent)) write(this.said, this.line.word);
  }
}

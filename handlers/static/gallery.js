/** The gallery: search, order, and plots that come and go. */

import { Board, isPlain } from "./board.js";
import { find, write } from "./page.js";
import { renew, tellAges } from "./table.js";
import { t } from "./words.js";

const FIGURES_MS = 5000; // how often the table's figures are asked for while somebody looks

class Gallery extends Board {
  constructor() {
    super();
    this.search = find(document, "#search", HTMLInputElement);
    this.search.addEventListener("input", () => this.#searched());
    this.search.form?.addEventListener("submit", (event) => event.preventDefault());
    this.main.addEventListener("click", (event) => this.#clicked(event));
    window.addEventListener("popstate", () => this.#returned());
    window.setInterval(() => {
      if (this.#isTable && !document.hidden) void this.refresh();
    }, FIGURES_MS);
    this.adopt();
  }

  get #isTable() {
    return this.main.dataset.view === "table";
  }

  /** @override */
  tick() {
    super.tick();
    if (this.#isTable) tellAges(this.main);
  }

  /**
   * @override
   * @param {HTMLElement} fresh
   */
  renew(fresh) {
    super.renew(fresh);
    renew(this.main, fresh);
    tellAges(this.main);
  }

  /** @override */
  adopt() {
    super.adopt();
    this.#filter();
    tellAges(this.main);
  }

  #searched() {
    const url = new URL(location.href);
    const query = this.search.value.trim();
    if (query) url.searchParams.set("q", query);
    else url.searchParams.delete("q");
    history.replaceState(null, "", url);
    this.#filter();
  }

  /**
   * Show the same plots otherwise, in place.
   * @param {MouseEvent} event
   */
  #clicked(event) {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link?.pathname !== location.pathname || !isPlain(event)) return;
    event.preventDefault();
    const url = new URL(link.href);
    const query = this.search.value.trim();
    if (query) url.searchParams.set("q", query);
    else url.searchParams.delete("q");
    history.pushState(null, "", url);
    void this.refresh(true);
  }

  #returned() {
    this.search.value = new URLSearchParams(location.search).get("q") ?? "";
    this.#filter();
    void this.refresh(true);
  }

  /** Show the plots that hold every word of the search. */
  #filter() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let [shown, count] = [0, 0];
    for (const plot of this.main.querySelectorAll("[data-search]")) {
      if (!(plot instanceof HTMLElement)) continue;
      plot.hidden = !words.every((word) => plot.dataset.search?.includes(word));
      shown += plot.hidden ? 0 : 1;
      count += 1;
    }
    for (const group of this.main.querySelectorAll("section[data-group]")) {
      if (group instanceof HTMLElement) group.hidden = group.querySelector(".tile:not([hidden])") === null;
    }
    const line = this.main.querySelector("#count");
    if (!(line instanceof HTMLElement)) return;
    if (words.length > 0) write(line, t("{shown} of {count} plots", { shown, count }));
    else write(line, count === 1 ? t("{count} plot", { count }) : t("{count} plots", { count }));
  }
}

new Gallery();

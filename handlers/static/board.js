/** A page of many pictures: those in view are live, and what comes and goes comes and goes in place. */

import { everySecond, setClock } from "./clock.js";
import { find, freshPage } from "./page.js";
import { LiveSocket } from "./socket.js";
import { StatusLine } from "./status.js";
import { onTheme, theme } from "./theme.js";
import { Tile } from "./tile.js";

const MARGIN = "300px"; // a picture is fetched a little before it comes into view
const SMALL_PX = 640; // the width of a thumbnail whose picture is too large

/** @typedef {import("./tile.js").Wanted} Wanted */

export class Board {
  /** @type {Map<string, Tile>} */
  tiles = new Map();
  #isRefreshing = false;
  #isOutdated = false;
  #isOtherwise = false;
  followsView = true; // whether what is in view is live

  /** @param {(tile: Tile) => Wanted} [wanted] tells what a tile is to show now */
  constructor(wanted = thumbnailOf) {
    this.wanted = wanted;
    this.main = find(document, "main", HTMLElement);
    const line = new StatusLine(find(document, "#state", HTMLElement));
    this.socket = new LiveSocket((link) => {
      line.state = link;
      if (link === "live") void setClock();
    }, () => void this.refresh());
    this.observer = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: MARGIN });
    onTheme(() => this.turn());
    everySecond(() => this.tick());
  }

  /**
   * Take in what the daemon would send now, one look at a time; what is the same stays as it is.
   * @param {boolean} isOtherwise whether the address asks for something else by now
   */
  async refresh(isOtherwise = false) {
    this.#isOutdated = true;
    this.#isOtherwise ||= isOtherwise;
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    while (this.#isOutdated) {
      this.#isOutdated = false;
      const fresh = (await freshPage())?.querySelector("main");
      if (!fresh || this.#isOutdated) continue;
      if (this.#isOtherwise || fresh.dataset.catalog !== this.main.dataset.catalog) this.#replace(fresh);
      else this.renew(fresh);
      this.#isOtherwise = false;
    }
    this.#isRefreshing = false;
  }

  /** Show what is wanted by now, such as in another theme. */
  turn() {
    for (const tile of this.tiles.values()) tile.turn();
  }

  /** A second has passed. */
  tick() {
    for (const tile of this.tiles.values()) tile.age();
  }

  /**
   * Take in the same page with newer figures.
   * @param {HTMLElement} fresh
   */
  renew(fresh) {
    this.main.dataset.catalog = fresh.dataset.catalog;
  }

  /** Take up the tiles that are new, and forget those that are gone. */
  adopt() {
    const elements = new Set(tilesOf(this.main));
    for (const [name, tile] of this.tiles) {
      if (elements.has(tile.element)) continue;
      tile.see(false);
      this.observer.unobserve(tile.element);
      this.tiles.delete(name);
    }
    for (const element of elements) {
      const name = element.dataset.name ?? "";
      if (this.tiles.has(name)) continue;
      this.tiles.set(name, new Tile(element, this.socket, this.wanted));
      this.observer.observe(element);
    }
  }

  /** @param {HTMLElement} sent */
  #replace(sent) {
    for (const each of sent.querySelectorAll("noscript")) each.remove(); // else the pictures in them would be fetched
    const fresh = document.importNode(sent, true);
    const focused = document.activeElement;
    for (const element of tilesOf(fresh)) {
      const old = this.tiles.get(element.dataset.name ?? "");
      if (old && old.element.dataset.key === element.dataset.key) element.replaceWith(old.element);
    }
    for (const details of fresh.querySelectorAll("details")) this.#openLikeBefore(details);
    if (!this.#isOtherwise) this.#keepTyped(fresh);
    Object.assign(this.main.dataset, fresh.dataset);
    this.main.replaceChildren(...fresh.childNodes);
    this.adopt();
    const again = focused?.isConnected ? focused : this.#likeOne(focused);
    if (again instanceof HTMLElement && again !== document.body) again.focus({ preventScroll: true });
  }

  /** @param {HTMLDetailsElement} details */
  #openLikeBefore(details) {
    const old = this.main.querySelector(`[data-place="${CSS.escape(details.dataset.place ?? "")}"]`);
    if (old instanceof HTMLDetailsElement) details.open = old.open;
  }

  /** Keep what is typed, but not yet meant. @param {HTMLElement} fresh */
  #keepTyped(fresh) {
    const fields = "input:not([type=hidden])";
    const typed = [...this.main.querySelectorAll(fields)];
    [...fresh.querySelectorAll(fields)].forEach((field, i) => {
      const old = typed[i];
      if (field instanceof HTMLInputElement && old instanceof HTMLInputElement) field.value = old.value;
    });
  }

  /**
   * Return what stands in the place of *element*: what has its id, or leads where it did.
   * @param {Element | null} element
   */
  #likeOne(element) {
    if (element?.id) return document.getElementById(element.id);
    const address = element?.getAttribute("href");
    return address ? this.main.querySelector(`a[href="${CSS.escape(address)}"]`) : null;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #see(entries) {
    if (!this.followsView) return;
    for (const { target, isIntersecting } of entries) {
      if (target instanceof HTMLElement) this.tiles.get(target.dataset.name ?? "")?.see(isIntersecting);
    }
  }
}

/**
 * Return what *tile* is to show: in dark pages, the dark picture.
 * @param {Tile} tile
 * @returns {Wanted}
 */
export function wantedOf(tile) {
  const { url = "", dark = "", lightEtag, darkEtag } = tile.element.dataset;
  return theme() === "dark" ? { url: dark, etag: darkEtag } : { url, etag: lightEtag };
}

/**
 * Return what a card shows: the picture as its author made it, or a smaller one if that is too large for the daemon.
 * @param {Tile} tile
 * @returns {Wanted}
 */
function thumbnailOf(tile) {
  const wanted = wantedOf(tile);
  return tile.isTooLarge ? { url: `${wanted.url}${wanted.url.includes("?") ? "&" : "?"}_width=${SMALL_PX}` } : wanted;
}

/**
 * @param {HTMLElement} main
 * @returns {HTMLElement[]}
 */
function tilesOf(main) {
  return [...main.querySelectorAll("li[data-name]")].filter((element) => element instanceof HTMLElement);
}

/**
 * Say whether a click on a link is to be followed here, and not in a new tab.
 * @param {MouseEvent} event
 */
export function isPlain(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

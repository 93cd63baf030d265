/** A wall: pictures side by side, as large as their cells. Whatever is done to it is in its address. */

import { Arranger } from "./arranger.js";
import { Board, isPlain, wantedOf } from "./board.js";
import { Kiosk } from "./kiosk.js";
import { find, write } from "./page.js";
import { sizeWords } from "./size.js";
import { t } from "./words.js";

const SETTLED_MS = 300;
const SLOW_MS = 1000; // what took longer to draw is only scaled when the window changes
const PLAIN = /%(2F|3F|3D|3A|2C)/g; // what a URL's query may hold as it is: a wall's stays readable

class Wall extends Board {
  #timer = 0;

  constructor() {
    super((tile) => this.#wanted(tile));
    this.kiosk = new Kiosk(this.main, (name, isSoon) => this.tiles.get(name)?.see(isSoon));
    this.main.addEventListener("submit", (event) => this.#submitted(event));
    this.main.addEventListener("click", (event) => this.#clicked(event));
    this.main.addEventListener("change", (event) => this.#changed(event));
    this.arranger = new Arranger(this.main, (cell) => this.#moved(cell));
    window.addEventListener("popstate", () => void this.refresh(true));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) this.#leave();
    });
    new ResizeObserver(() => this.#resized()).observe(this.main);
    window.addEventListener("resize", () => this.#resized()); // another screen may be denser
    this.adopt();
  }

  /** @override */
  adopt() {
    super.adopt();
    this.followsView = !this.kiosk.isOn; // a kiosk knows itself what is seen, and what is next
    this.kiosk.arrange();
  }

  /**
   * Return the picture of *tile*, as large as there is room.
   * @param {import("./tile.js").Tile} tile
   */
  #wanted(tile) {
    const { url } = wantedOf(tile);
    const { shown, image } = tile.picture ?? {};
    const { own, width, height } = tile.element.dataset;
    if (own !== undefined) return { url };
    const base = `${url}${url.includes("?") ? "&" : "?"}`;
    const isSlow = shown && shown.tookMs > SLOW_MS;
    if (isSlow && shown.url.startsWith(`${base}_width`)) return { url: shown.url };
    const aspect = shown && image ? image.naturalWidth / image.naturalHeight : Number(width) / Number(height);
    const room = find(this.main, ".cell:not([hidden]) .thumb", HTMLElement); // all are as large
    const words = sizeWords(
      Math.min(room.clientWidth, room.clientHeight * aspect), aspect, Number(this.main.dataset.most),
    );
    return { url: `${base}${new URLSearchParams(words)}` };
  }

  get #form() {
    return find(this.main, "#wall", HTMLFormElement);
  }

  /** Return the address of the wall as it stands there, with what is typed. */
  #address() {
    const words = [...new FormData(this.#form)].filter(([, word]) => word !== "");
    if (this.kiosk.isOn) words.push(["_kiosk", "1"]);
    const query = words.map(([name, word]) => {
      return `${name}=${encodeURIComponent(String(word)).replace(PLAIN, decodeURIComponent)}`;
    });
    return `${location.pathname}${query.length > 0 ? `?${query.join("&")}` : ""}`;
  }

  /** @param {string} address */
  async #go(address) {
    history.pushState(null, "", address);
    await this.refresh(true);
    history.replaceState(null, "", this.#address()); // as the daemon spells it
  }

  /** @param {SubmitEvent} event */
  #submitted(event) {
    event.preventDefault();
    void this.#go(this.#address());
  }

  /** @param {Event} event */
  #changed(event) {
    if (event.target instanceof HTMLInputElement && event.target.type === "number") this.#form.requestSubmit();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link?.pathname !== location.pathname || !isPlain(event)) return;
    event.preventDefault();
    const cell = link.closest("li");
    if (cell) this.#remove(cell);
    else if (link.id === "kiosk") void this.#enter(link.href);
    else this.#leave();
  }

  /** @param {HTMLLIElement} cell */
  #remove(cell) {
    const next = cell.nextElementSibling ?? cell.previousElementSibling;
    cell.remove();
    const focus = next?.querySelector(".remove") ?? this.#form.querySelector("#add");
    if (focus instanceof HTMLElement) focus.focus();
    this.#say(t("{title} removed", { title: titleOf(cell) }));
    void this.#go(this.#address());
  }

  /** @param {HTMLElement} cell */
  #moved(cell) {
    const cells = [...this.main.querySelectorAll("li.cell")];
    const [place, count] = [cells.indexOf(cell) + 1, cells.length];
    this.#say(t("{title}: {place} of {count}", { title: titleOf(cell), place, count }));
    history.replaceState(null, "", this.#address());
    this.kiosk.arrange();
  }

  /** @param {string} address */
  async #enter(address) {
    // Only this very click allows for the full screen; where the browser refuses it, the window will do.
    await document.documentElement.requestFullscreen?.().catch(() => {});
    await this.#go(address);
  }

  #leave() {
    const link = this.main.querySelector(".leave a");
    if (!(link instanceof HTMLAnchorElement)) return;
    if (document.fullscreenElement) void document.exitFullscreen();
    void this.#go(link.href);
  }

  #resized() {
    this.kiosk.arrange();
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.turn(), SETTLED_MS);
  }

  /** @param {string} text */
  #say(text) {
    write(find(this.main, "#said", HTMLElement), text);
  }
}

/** @param {HTMLElement} cell */
function titleOf(cell) {
  return cell.querySelector("h2")?.textContent ?? "";
}

new Wall();

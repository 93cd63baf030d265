/** The browser's tab: its title and icon tell of trouble, also to whoever looks at another one. */

import { find } from "./page.js";

const MARK = "⚠ ";
const SIDE_PX = 64;

export class Tab {
  #isTroubled = false;

  constructor() {
    this.icon = find(document, "link[rel=icon]", HTMLLinkElement);
    this.brand = find(document, ".brand img", HTMLImageElement); // the same: it is at hand while the daemon is away
    this.usual = this.icon.href;
  }

  /** Tell that there is trouble, or none any more. @param {boolean} isTroubled */
  tell(isTroubled) {
    this.#isTroubled = isTroubled;
    this.keep();
    if (isTroubled) void dotted(this.brand).then((icon) => this.#isTroubled && (this.icon.href = icon), () => {});
    else this.icon.href = this.usual;
  }

  /** Mark the title, which may be another one by now. */
  keep() {
    const title = document.title.replace(MARK, "");
    document.title = this.#isTroubled ? MARK + title : title;
  }
}

/**
 * Return *image* with a red dot in its corner, as a data URI.
 * @param {HTMLImageElement} image
 */
async function dotted(image) {
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SIDE_PX, SIDE_PX];
  const context = canvas.getContext("2d");
  if (context === null) return image.src;
  context.drawImage(image, 0, 0, SIDE_PX, SIDE_PX);
  context.arc(SIDE_PX * 0.72, SIDE_PX * 0.28, SIDE_PX * 0.26, 0, 2 * Math.PI);
  context.fillStyle = "#e5392b";
  context.fill();
  context.lineWidth = 4;
  context.strokeStyle = "#fff";
  context.stroke();
  return canvas.toDataURL();
}

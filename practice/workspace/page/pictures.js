// Pictures and files. Only what was uploaded here is loaded: this page asks nobody else for anything.

import { el } from "./dom.js";
import { link } from "./mrkdwn.js";
import { address } from "./server.js";

const PICTURE = /\.(png|jpe?g|gif|webp)$/i;

export function picture(image) {
  const id = image.slack_file?.id;
  if (id) return el("img", { src: address(`file/${id}`), alt: image.alt_text });
  const elsewhere = image.image_url ?? image.slack_file?.url;
  return el("span", { class: "picture" }, `🖼 ${image.alt_text || "Picture"} `, el("small", {}, link(elsewhere, "not loaded here")));
}

export function drawFile(file) {
  const source = address(`file/${file.id}`);
  const size = file.size < 1024 ? `${file.size} bytes` : `${(file.size / 1024).toFixed(1)} KiB`;
  const named = el("a", { class: "file", href: source, download: file.name }, `📄 ${file.title} `, el("small", {}, size));
  return PICTURE.test(file.name) ? el("figure", {}, el("figcaption", {}, named), el("img", { src: source, alt: file.alt_txt || file.title })) : named;
}

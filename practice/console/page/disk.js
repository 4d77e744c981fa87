// The tree of one instance's disk. A directory is looked into when it is opened, and again when something may have changed.

import { el, sync } from "/page/dom.js";
import { edit } from "./editor.js";
import { post } from "./wire.js";
import { bytes } from "./words.js";

const joined = (path, name) => `${path === "/" ? "" : path}/${name}`;

export class Disk {
  constructor(instance, server) {
    this.instance = instance;
    this.server = server;
    this.node = this.directory("/", `Disk of ${server}`);
    this.node.classList.add("disk");
  }

  directory(path, title) {
    const node = el("details", { "data-path": path, toggle: () => node.open && this.fill(node, path) }, el("summary", {}, title), el("ul", {}));
    return node;
  }

  refresh() {
    for (const each of [this.node, ...this.node.querySelectorAll("details")]) {
      if (each.open) this.fill(each, each.dataset.path);
    }
  }

  async fill(node, path) {
    const answer = await post("list", { instance: this.instance, path });
    const list = node.querySelector(":scope > ul");
    if (!answer.ok) {
      sync(list, [{ id: "error", sign: answer.error, draw: () => el("li", { class: "faint" }, answer.error) }]);
      return;
    }
    const entries = answer.entries.length ? answer.entries : [{ name: "", kind: "empty" }];
    sync(list, entries.map((each) => ({
      id: `${each.kind} ${each.name}`,
      sign: each.kind === "directory" ? "" : JSON.stringify(each),
      draw: () => el("li", {}, this.entry(each, joined(path, each.name))),
    })));
  }

  entry(each, path) {
    if (each.kind === "directory") return this.directory(path, `${each.name}/`);
    if (each.kind === "empty") return el("span", { class: "faint" }, "empty");
    if (each.kind === "link") return el("span", {}, `${each.name} `, el("span", { class: "faint" }, `→ ${each.target}`));
    if (each.kind !== "file") return el("span", { class: "faint" }, each.name);
    const open = () => edit(this.instance, this.server, path, () => this.refresh());
    return el("span", {}, el("button", { type: "button", class: "opener", "data-key": path, click: open }, each.name), el("span", { class: "faint" }, ` ${bytes(each.size)}`));
  }
}

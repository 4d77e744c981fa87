// Servers: the instance that lives, the ones that are gone, and the disk of each that lives.

import { el, sync } from "/page/dom.js";
import { Disk } from "./disk.js";
import { chip, code } from "./rows.js";
import { age, at } from "./words.js";

const CHECKS = { ok: ["passed", "checks 2/2"], initializing: ["initializing", "checks 0/2"] };

export function showServers(instances) {
  const names = [...new Set(instances.map((each) => each.server))].sort();
  sync(document.getElementById("servers-rows"), names.map((name) => {
    const own = instances.filter((each) => each.server === name);
    return { id: name, sign: NaN, draw: () => update(card(name), own), update: (node) => update(node, own) };
  }));
}

function card(name) {
  const node = el("li", { class: "card", "data-server": name }, el("h3", {}, name), el("ul", { class: "instances" }));
  return node;
}

function update(node, instances) {
  sync(node.querySelector(".instances"), instances.map((each) => {
    const lives = !each.ended;
    return { id: `${each.id} ${lives}`, sign: NaN, draw: () => told(lives ? living(each) : el("li", { class: "gone" }), each), update: (old) => told(old, each) };
  }));
  return node;
}

// An instance that has a disk. The disk's node stays as long as the instance lives.
function living(each) {
  const disk = new Disk(each.id, each.server);
  const node = el("li", { class: "living", "data-instance": each.id }, el("div", { class: "about" }), disk.node);
  node.disk = disk;
  return node;
}

const identity = (each, ...chips) => el("div", { class: "identity" }, code(each.id), el("span", { class: "chips" }, chips));

function told(node, each) {
  if (each.ended) {
    const words = [identity(each, chip(each.state)), el("p", { class: "faint" }, `Gone at ${at(each.ended)}, and its disk with it.`)];
    if (node.dataset.sign !== each.state) node.replaceChildren(...words);
    node.dataset.sign = each.state;
    return node;
  }
  const checks = CHECKS[each.checks] ?? ["", "no checks yet"];
  const sign = JSON.stringify([each, age(each.at)]);
  if (node.dataset.sign === sign) return node;
  node.dataset.sign = sign;
  node.querySelector(".about").replaceChildren(
    identity(each, chip(each.state), chip(...checks), chip(each.agent, `agent ${each.agent}`)),
    el("p", { class: "faint" }, [each.type, each.address, `launched ${age(each.at)} ago`].filter(Boolean).join(" · ")),
  );
  return node;
}

// Looks again into every directory that is open.
export function refreshDisks() {
  for (const node of document.querySelectorAll(".living")) node.disk.refresh();
}

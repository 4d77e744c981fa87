// The panel of faults: a button each, what it does, what to watch; and what is on.

import { el, sync } from "/page/dom.js";
import { doing } from "./wire.js";

export function showFaults(faults, on) {
  const groups = [...new Set(faults.map((each) => each.group))];
  sync(document.getElementById("faults-rows"), groups.map((name) => {
    const own = faults.filter((each) => each.group === name).map((each) => ({ ...each, on: on.some((one) => one.name === each.name) }));
    return { id: name, sign: NaN, draw: () => fill(group(name), own), update: (node) => fill(node, own) };
  }));
  showOn(on);
}

const group = (name) => el("section", { "aria-label": name }, el("h3", {}, name), el("div", { class: "group" }));

function fill(node, faults) {
  sync(node.querySelector(".group"), faults.map((each) => ({ id: each.name, sign: JSON.stringify(each), draw: () => draw(each) })));
  return node;
}

function draw(fault) {
  const select = fault.of ? el("select", { "aria-label": `${fault.title}: ${fault.of.toLowerCase()}`, "data-key": `${fault.name} of` }, fault.choices.map((each) => el("option", { value: each.value }, each.label))) : null;
  const button = el("button", { type: "button", "data-fault": fault.name, "data-key": fault.name, "aria-describedby": `about-${fault.name}` }, fault.title);
  button.addEventListener("click", doing(button, "begin", () => ({ name: fault.name, choice: select?.value ?? "" }), () => fault.does));
  return el("div", { class: "fault" }, el("div", { class: "line" }, button, select, fault.on ? el("span", { class: "chip bad" }, "on now") : null), el("p", { id: `about-${fault.name}` }, fault.does, el("span", { class: "faint" }, `Watch: ${fault.watch}`)));
}

function showOn(on) {
  const list = document.getElementById("on-rows");
  sync(list, on.map((each) => ({ id: `${each.name} ${each.choice}`, sign: each.text, draw: () => drawOn(each), update: (node) => { node.firstChild.textContent = each.text; } })));
  list.parentElement.querySelector(".empty").hidden = on.length > 0;
  document.getElementById("clear").disabled = on.length === 0;
}

function drawOn(each) {
  const button = el("button", { type: "button", "data-end": each.name, "data-key": `end ${each.name} ${each.choice}` }, each.ends);
  button.addEventListener("click", doing(button, "end", () => ({ name: each.name, choice: each.choice }), () => `${each.ends}: done.`));
  return el("li", {}, el("span", {}, each.text), button);
}

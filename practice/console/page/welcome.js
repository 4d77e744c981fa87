// The channel's welcome: the four lines above the messages, and the drill that plays by itself.

import { el } from "/page/dom.js";
import { isRead, line, read } from "./guide.js";
import { post, withKey } from "./wire.js";

const BEAT = 1000;
const node = {};

// Called once by the workspace's page, with the place that is ours.
export async function welcome(place) {
  document.head.append(el("link", { rel: "stylesheet", href: "/world/page/guide.css" }));
  const told = await look();
  node.play = el("button", { type: "button", class: "primary", click: play }, "Play it for me");
  node.told = el("p", { role: "status" });
  node.guide = el(
    "section",
    { class: "guide", "aria-labelledby": "welcome-name", tabindex: -1 },
    el("div", { class: "line" }, el("h2", { id: "welcome-name" }, "New here?"), el("span", { class: "buttons" }, node.play, el("button", { type: "button", click: () => fold(true) }, "Got it"))),
    node.told,
    el("dl", {}, told.guide.map(line)),
  );
  node.again = el("button", { type: "button", class: "again", click: () => fold(false) }, "New here?");
  place.append(node.guide);
  document.getElementById("tabs").after(node.again);
  show(isRead());
  if (told.play.going) follow();
}

const look = async () => (await fetch(withKey("/world/newcomer"))).json();

function show(folded) {
  node.guide.hidden = folded;
  node.again.hidden = !folded;
}

function fold(yes) {
  read(yes);
  show(yes);
  if (yes) document.getElementById("text").focus();
  else node.guide.focus();
}

// A drill that somebody has begun already is watched.
async function play() {
  const answer = await post("play");
  if (!answer.ok) node.told.textContent = answer.error;
  follow();
}

// The latest of what the two do, until it is over.
async function follow() {
  try {
    const { play: now } = await look();
    const latest = now.lines.at(-1);
    node.play.disabled = now.going;
    node.play.textContent = now.going ? "Playing …" : "Play it for me";
    if (latest) node.told.textContent = latest.who ? `${latest.who} ${latest.text}` : latest.text;
    if (now.going) setTimeout(follow, BEAT);
  } catch {
    setTimeout(follow, BEAT);
  }
}

// The page: asks once a second how the world is, and shows it.

import { el, sync } from "/page/dom.js";
import { showFaults } from "./faults.js";
import { isRead, line as guideLine, read } from "./guide.js";
import { address, effect, fill, image, snapshot, template } from "./rows.js";
import { refreshDisks, showServers } from "./servers.js";
import { doing, look, withKey } from "./wire.js";
import { at, setClock, span } from "./words.js";

const BEAT = 1000;
const $ = (id) => document.getElementById(id);
let carriedOut = -1;
let waiting = null;
let looks = 0;
let newestShown = 0;

function show(state) {
  setClock(state.clock.now);
  showServers(state.instances);
  fill("images", state.images, image);
  fill("snapshots", state.snapshots, snapshot);
  fill("templates", state.templates, template);
  fill("addresses", state.addresses, address);
  fill("effects", state.effects, effect);
  showFaults(state.faults, state.on);
  showPlay(state.play);
  showClock(state.clock);
  showGuide(state.guide);
  const newest = state.effects[0]?.id ?? -1;
  if (newest !== carriedOut) refreshDisks();
  carriedOut = newest;
}

function showPlay(play) {
  $("play-begin").disabled = play.going;
  $("play-begin").textContent = play.going ? "Playing …" : "Play the live drill";
  sync($("play-lines"), play.lines.map((each) => ({ id: each.id, sign: each.text, draw: () => line(each) })));
  $("play").dataset.verdict = play.verdict;
}

const line = (each) => el("li", {}, el("time", {}, at(each.at)), el("span", {}, each.who ? el("strong", {}, `${each.who} `) : null, each.text));

function showGuide(lines) {
  sync($("guide-lines"), lines.map((each) => ({ id: each.word, sign: each.text, draw: () => guideLine(each) })));
}

function showClock(clock) {
  $("ahead").disabled = !clock.next;
  $("ahead-next").textContent = clock.next ? `Next, in ${span(clock.next.at - clock.now)}: ${clock.next.text}.` : "Nothing waits for the clock. A drill that asks for an approval does, and a schedule.";
  $("ahead-by").textContent = clock.ahead ? `The clock is ${span(clock.ahead)} ahead.` : "";
}

async function beat() {
  clearTimeout(waiting);
  try {
    if (!document.hidden) await lookAndShow();
    say("Live", "on");
  } catch {
    say("The practice world is gone", "off");
  }
  clearTimeout(waiting);
  waiting = setTimeout(beat, BEAT);
}

// A look that was overtaken by a later one is old news.
async function lookAndShow() {
  const mine = ++looks;
  const state = await look();
  if (mine < newestShown) return;
  newestShown = mine;
  show(state);
}

function say(words, kind) {
  if ($("connection").textContent !== words) $("connection").textContent = words;
  $("connection").className = kind;
}

function start() {
  $("to-channel").href = withKey("/");
  $("watch").href = withKey("/");
  $("guide").hidden = isRead();
  $("guide-read").addEventListener("click", () => {
    read(true);
    $("guide").hidden = true;
    document.querySelector("main").focus();
  });
  $("finish").addEventListener("click", doing($("finish"), "finish", () => ({}), () => "What was pending has had its time."));
  $("ahead").addEventListener("click", doing($("ahead"), "ahead", () => ({}), () => "The clock has run ahead."));
  $("clear").addEventListener("click", doing($("clear"), "clear", () => ({}), () => "All is well again."));
  $("play-begin").addEventListener("click", doing($("play-begin"), "play", () => ({}), () => "The drill begins."));
  document.addEventListener("done", beat);
  document.addEventListener("visibilitychange", beat);
  beat();
}

start();

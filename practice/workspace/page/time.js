// Times as people say them, kept fresh while they are on the page.

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const words = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

let ahead = 0;

// The practice world's clock, in seconds, may have run ahead of this machine's.
export function setClock(now) {
  ahead = now * 1000 - Date.now();
}

export function ago(when) {
  const seconds = Math.round((when - Date.now() - ahead) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? [];
  return unit ? words.format(Math.trunc(seconds / size), unit) : "just now";
}

// Fills and refills a <time> that has its moment in `datetime`.
export function keepFresh(node) {
  node.dataset.ago = "";
  node.textContent = ago(new Date(node.dateTime));
  return node;
}

setInterval(() => document.querySelectorAll("time[data-ago]").forEach(keepFresh), 10_000);

// A link to a message of this workspace leads to it on this page; any other opens a page of its own.

const OURS = /^https:\/\/practice\.slack\.com\/archives\/(\w+)\/p(\d+)(\d{6})/;
// Milliseconds between two looks for the message, and how many of them: the channel may still have to be drawn.
const PAUSE = 50;
const LOOKS = 60;

export const isOurs = (address) => OURS.test(address);

export function follow(address) {
  const [, channel, seconds, rest] = address.match(OURS) ?? [];
  if (!channel) return window.open(address, "_blank", "noopener,noreferrer");
  location.hash = channel;
  return lead(`${seconds}.${rest}`, LOOKS);
}

function lead(ts, looks) {
  const node = document.getElementById("log").kept?.get(ts)?.node;
  if (node?.offsetParent) {
    node.scrollIntoView({ block: "start" });
    node.focus({ preventScroll: true });
  } else if (looks) setTimeout(lead, PAUSE, ts, looks - 1);
}

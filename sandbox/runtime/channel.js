// The frame's way to the page that holds it: one MessagePort, and another that brings it there once.
// Neither leaves this closure.
//
// `send` is for reports, which may be dropped in a flood; `deliver` is for what must arrive, and
// its caller sees to it that little has to; `listen` is for what the page says.

const BURST = 100;
const PER_MS = 0.05;

const channel = new MessageChannel();
const greeting = new MessageChannel();
const warn = console.warn.bind(console);
const post = channel.port1.postMessage.bind(channel.port1);
const listeners = { __proto__: null };
let allowance = BURST;
let refilled = now();
let dropped = 0;

// A flood is dropped and counted here, and again on the page's side.
function send(message) {
  const time = now();
  allowance += (time - refilled) * PER_MS;
  allowance = allowance > BURST ? BURST : allowance;
  refilled = time;
  if (allowance < 1) {
    dropped += 1;
    return;
  }
  allowance -= 1;
  if (dropped > 0) {
    post({ type: "dropped", count: dropped });
    tellDropped({ count: dropped });
    dropped = 0;
  }
  post(message);
}

// The tool is told in its own console, past the one that is watched.
function tellDropped({ count, odd = 0 }) {
  if (count > 0) {
    warn(`${count} messages were too many at once and were dropped.`);
  }
  if (odd > 0) {
    warn(`${odd} messages were not understood and were dropped.`);
  }
}

function deliver(message) {
  post(message);
}

function listen(type, handler) {
  listeners[type] = handler;
}

function installChannel() {
  channel.port1.addEventListener("message", (event) => {
    const message = dataOf(event);
    if (message && message.type in listeners) {
      listeners[message.type](message);
    }
  });
  channel.port1.start();
  listen("dropped", tellDropped);
  listen("ping", ({ n }) => post({ type: "pong", n }));
}

// The server writes a key in the place of the braces, and the page knows it from elsewhere: it
// tells this hello, and that of a document loaded later, from one that the tool makes up. It
// stands in this closure alone, where no code of the tool can read it.
// The page reads nothing that is posted to its window (host/doorman.js): key and port come through
// another port, which is all that it looks at.
// A document that is its own parent (no page of ours around it) would hand the port to the tool.
function handOver() {
  if (window.parent !== window) {
    const key = "{bridge-key}";
    greeting.port1.postMessage(key, [channel.port2]);
    window.parent.postMessage("hello", "*", [greeting.port2]);
  }
}

// Goes into the tool's own world before its first script, so that chance is the same every time and
// time can be made to pass: a timer of 25 minutes ends at once. It is `given` the name under
// which the driver finds it, and a seed.
(() => {
  "use strict";

  // eslint-disable-next-line no-undef -- it stands around this file
  const [name, begun] = given;

  const QUICK_MS = 200; // what ticks faster is run through once a second
  const LONG_MS = 900;

  const { setTimeout: once, setInterval: often, clearTimeout: cancel, MessageChannel, Map } = window;
  const { apply, construct, defineProperty } = Reflect;
  const Real = window.Date;
  const real = Real.now;
  const run = window.performance.now.bind(window.performance);
  const timers = new Map();
  const { port1, port2 } = new MessageChannel();
  let ahead = 0; // of the clock, in ms
  let stopped = false;
  let seed = begun;

  const now = () => real() + ahead;

  function put(key, value) {
    defineProperty(window, key, { value, writable: true, enumerable: true, configurable: true });
  }

  function setTimeout(handler, delay, ...rest) {
    if (typeof handler !== "function") {
      return once(handler, delay);
    }
    const id = once(() => {
      timers.delete(id);
      apply(handler, window, rest);
    }, delay);
    timers.set(id, { due: now() + (Number(delay) || 0), wait: 0, delay, handler, rest });
    return id;
  }

  function setInterval(handler, delay, ...rest) {
    const id = often(handler, delay, ...rest);
    if (typeof handler === "function") {
      const wait = Math.max(Number(delay) || 0, 1);
      timers.set(id, { due: now() + wait, wait: wait < QUICK_MS ? 1_000 : wait, delay, handler, rest });
    }
    return id;
  }

  const clear = (id) => {
    timers.delete(Number(id));
    cancel(id);
  };
  const named = { clearTimeout: (id) => clear(id), clearInterval: (id) => clear(id) };

  function next(most) {
    let [first, least] = [null, most];
    for (const [id, { due }] of timers) {
      if (due <= least && (first === null || due < least)) {
        [first, least] = [id, due];
      }
    }
    return first;
  }

  function fire(id) {
    const timer = timers.get(id);
    if (timer === undefined) {
      return;
    }
    if (timer.wait === 0) {
      timers.delete(id);
      cancel(id);
    } else {
      timer.due = Math.max(timer.due, now()) + timer.wait;
    }
    let fails = true;
    try {
      apply(timer.handler, window, timer.rest);
      fails = false;
    } finally {
      if (fails) {
        timers.delete(id); // it was seen, and would fail at every tick
      }
    }
  }

  // Each in a task of its own, as timers are; what one throws is nobody's to catch. `choose` returns
  // the next timer's id, or null.
  function inTasks(choose) {
    return new Promise((done) => {
      port1.onmessage = () => {
        const id = choose();
        if (id === null) {
          done();
          return;
        }
        port2.postMessage(null);
        fire(id);
      };
      port2.postMessage(null);
    });
  }

  // A shifted clock is only for those who were to see it: until then the real one is there.
  function shift() {
    if (window.Date !== Real) {
      return;
    }
    const shifted = new Proxy(Real, {
      apply: () => new Real(now()).toString(),
      construct: (target, given, made) => construct(target, given.length ? given : [now()], made),
      get: (target, key) => (key === "now" ? now : target[key]),
    });
    defineProperty(Real.prototype, "constructor", { value: shifted, writable: true, configurable: true });
    window.Date = shifted;
  }

  // Whether anything waits that nobody has the time to wait for, and time has not passed for yet.
  function waits(within) {
    return [...timers.values()].some(
      ({ due, wait, delay, known }) =>
        !known && due <= now() + within && (wait >= QUICK_MS || delay >= LONG_MS),
    );
  }

  // The clock jumps: what is due by then fires in order, what comes again and again only once.
  async function leap(span, within) {
    const [end, last] = [now() + span, run() + within];
    const due = [...timers].filter(([, timer]) => timer.due <= end);
    due.sort(([, one], [, other]) => one.due - other.due);
    shift();
    ahead += span;
    stopped = false;
    await inTasks(() => (stopped || run() > last ? null : (due.shift()?.[0] ?? null)));
  }

  // The clock runs, as far as so many calls and so many real ms allow.
  async function pass(span, most, within) {
    const [end, last] = [now() + span, run() + within];
    let calls = 0;
    await inTasks(() => {
      calls += 1;
      const id = calls > most || run() > last || stopped ? null : next(end);
      if (id !== null) {
        ahead += Math.max(0, timers.get(id).due - now());
      }
      return id;
    });
    for (const timer of timers.values()) {
      timer.known = true;
    }
  }

  function random() {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  if (!(name in window)) {
    put("setTimeout", setTimeout);
    put("setInterval", setInterval);
    put("clearTimeout", named.clearTimeout);
    put("clearInterval", named.clearInterval);
    Math.random = { random: () => random() }.random;
    const steered = { waits, leap, pass, stop: () => (stopped = true) };
    defineProperty(window, name, { value: steered });
  }
})()

// Runs before every script of a tool, in all places alike: a clock that begins at one instant, and one
// sequence of random numbers. What differs then is the place.
(() => {
  const NativeDate = Date;
  const began = NativeDate.now();
  const now = () => Date.UTC(2026, 0, 15, 10, 0, 7) + (realNow() - began);
  const realNow = NativeDate.now.bind(NativeDate);
  window.Date = new Proxy(NativeDate, {
    construct: (native, given, made) =>
      Reflect.construct(native, given.length === 0 ? [now()] : given, made),
    apply: (native) => new native(now()).toString(),
  });
  NativeDate.now = now;
  NativeDate.prototype.constructor = window.Date;

  // mulberry32: small, and good enough for a tool.
  let seed = 1;
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  Math.random = next;
  const fill = (array) => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let at = 0; at < bytes.length; at += 1) {
      bytes[at] = next() * 256;
    }
    return array;
  };
  Crypto.prototype.getRandomValues = fill;
  if (Crypto.prototype.randomUUID) {
    Crypto.prototype.randomUUID = () => {
      const hex = Array.from(fill(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"));
      return hex.join("").replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
    };
  }
  // Each act of the person begins the sequence anew: what came before need not be alike.
  Object.defineProperty(window, Symbol.for("begin anew"), { value: () => { seed = 1; } });
})();

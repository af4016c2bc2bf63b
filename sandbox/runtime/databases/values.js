// Values as text: JSON, with what JSON has no notation for in objects of one "$…" key. Objects are
// counted in the order in which they are met, so that `{"$ref": n}` names one that was there before.

const FLAT = 0x8000;

// Returns {text, units} or, where blobs have to be read first, {blobs, units} for `withBlobs`.
function encode(value) {
  const seen = new Map();
  const blobs = [];
  const tree = encodeTree(value, seen, blobs);
  if (blobs.length === 0) {
    const text = JSON.stringify(tree);
    return { text, units: text.length };
  }
  const inside = blobs.reduce((sum, { blob }) => sum + Math.ceil(blob.size / 3) * 4, 0);
  return { tree, blobs, units: JSON.stringify(tree).length + inside };
}

async function withBlobs({ tree, blobs }) {
  for (const { blob, node } of blobs) {
    // oxlint-disable-next-line no-await-in-loop -- one in memory at a time is enough
    node.push(toBase64(await blob.arrayBuffer()));
  }
  return JSON.stringify(tree);
}

function encodeTree(value, seen, blobs) {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: Object.is(value, -0) ? "-0" : `${value}` };
    case "undefined":
      return { $undefined: 0 };
    case "bigint":
      return { $bigint: `${value}` };
    default:
  }
  if (value === null) {
    return null;
  }
  if (seen.has(value)) {
    return { $ref: seen.get(value) };
  }
  seen.set(value, seen.size);
  return encodeObject(value, (part) => encodeTree(part, seen, blobs), blobs);
}

function encodeObject(value, encoded, blobs) {
  if (Array.isArray(value)) {
    const keys = Object.keys(value);
    return keys.length === value.length && keys.every((key, index) => key === `${index}`)
      ? value.map(encoded)
      : { $array: [value.length, keys.map((key) => [key, encoded(value[key])])] };
  }
  if (value instanceof Date) {
    return { $date: Number.isNaN(value.getTime()) ? null : value.getTime() };
  }
  if (value instanceof Map) {
    return { $map: [...value].map(([key, one]) => [encoded(key), encoded(one)]) };
  }
  if (value instanceof Set) {
    return { $set: [...value].map(encoded) };
  }
  if (value instanceof ArrayBuffer) {
    return { $buffer: toBase64(value) };
  }
  if (ArrayBuffer.isView(value)) {
    const length = value instanceof DataView ? value.byteLength : value.length;
    return { $view: [value[Symbol.toStringTag], encoded(value.buffer), value.byteOffset, length] };
  }
  if (value instanceof Blob) {
    const node = value instanceof File ? [value.type, value.name, value.lastModified] : [value.type];
    blobs.push({ blob: value, node });
    return value instanceof File ? { $file: node } : { $blob: node };
  }
  if (value instanceof RegExp) {
    return { $regexp: [value.source, value.flags] };
  }
  if (value instanceof Error) {
    return { $error: [value.name, value.message, `${value.stack}`] };
  }
  if (value instanceof ImageData) {
    return { $image: [toBase64(value.data.buffer), value.width, value.height] };
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    const inner = value.valueOf();
    if (typeof inner !== "object") {
      return { $boxed: encoded(inner) };
    }
    throw new DOMException("This kind of object is not kept here.", "DataCloneError");
  }
  const entries = Object.entries(value).map(([key, one]) => [key, encoded(one)]);
  // `__proto__` set by assignment would be no property.
  return entries.some(([key]) => key.startsWith("$") || key === "__proto__")
    ? { $object: entries }
    : Object.fromEntries(entries);
}

function decode(text) {
  const seen = [];
  return decodeTree(JSON.parse(text), seen);
}

function decodeTree(tree, seen) {
  if (typeof tree !== "object" || tree === null) {
    return tree;
  }
  const tag = Object.keys(tree)[0];
  const isTagged = !Array.isArray(tree) && tag !== undefined && tag.startsWith("$");
  const given = isTagged ? tree[tag] : null;
  switch (isTagged ? tag : "") {
    case "$undefined":
      return undefined;
    case "$number":
      return Number(given);
    case "$bigint":
      return BigInt(given);
    case "$ref":
      return seen[given];
    default:
      return decodeObject(tree, isTagged ? tag : "", given, seen);
  }
}

const WHOLE = {
  $blob: ([type, data]) => new Blob([fromBase64(data)], { type }),
  $file: ([type, name, lastModified, data]) => new File([fromBase64(data)], name, { type, lastModified }),
  $date: (time) => new Date(time ?? NaN),
  $buffer: (data) => fromBase64(data),
  $regexp: ([source, flags]) => new RegExp(source, flags),
  $image: ([data, width, height]) => new ImageData(new Uint8ClampedArray(fromBase64(data)), width, height),
  $error: decodeError,
};

function decodeObject(tree, tag, given, seen) {
  const place = seen.length;
  const begin = (made) => {
    seen[place] = made;
    return made;
  };
  const decoded = (part) => decodeTree(part, seen);
  begin(undefined);
  if (Object.hasOwn(WHOLE, tag)) {
    return begin(WHOLE[tag](given));
  }
  switch (tag) {
    case "$array": {
      const made = begin(Array.from({ length: 0 }));
      made.length = given[0];
      given[1].forEach(([key, part]) => {
        made[key] = decoded(part);
      });
      return made;
    }
    case "$map": {
      const made = begin(new Map());
      given.forEach(([key, part]) => made.set(decoded(key), decoded(part)));
      return made;
    }
    case "$set": {
      const made = begin(new Set());
      given.forEach((part) => made.add(decoded(part)));
      return made;
    }
    case "$view": {
      const [kind, buffer, offset, length] = given;
      return begin(new window[kind](decoded(buffer), offset, length));
    }
    case "$boxed":
      return begin(new Object(decoded(given)));
    default:
  }
  if (Array.isArray(tree)) {
    const made = begin([]);
    tree.forEach((part) => made.push(decoded(part)));
    return made;
  }
  const made = begin({});
  (tag === "$object" ? given : Object.entries(tree)).forEach(([key, part]) => {
    Object.defineProperty(made, key, { value: decoded(part), writable: true, enumerable: true, configurable: true });
  });
  return made;
}

function decodeError([name, message, stack]) {
  const kinds = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
  const made = new (Object.hasOwn(kinds, name) ? kinds[name] : Error)(message);
  if (made.name !== name) {
    Object.defineProperty(made, "name", { value: name, writable: true, configurable: true });
  }
  made.stack = stack;
  return made;
}

function toBase64(buffer) {
  const bytes = new Uint8Array(buffer);
  const parts = [];
  for (let at = 0; at < bytes.length; at += FLAT) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + FLAT)));
  }
  return btoa(parts.join(""));
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}

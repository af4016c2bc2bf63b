const GLANCE = 200;

/** A size as people read it; a unit is one character of JavaScript's, as browsers count quotas. */
export function inUnits(count) {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(1)} kB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

/**
 * What there is to look at: a line for each key, and one for each store of a database.
 * @param {{local: Record<string, string>, indexed: Record<string, string>}} data
 */
export function entries({ local, indexed }) {
  const kept = Object.entries(local).map(([name, text]) => ({
    name,
    glance: text.slice(0, GLANCE),
    size: name.length + text.length,
    value: () => readable(text),
  }));
  return [...kept, ...stores(indexed)];
}

/** Keys of `indexed` are JSON lists, as runtime/indexed.js writes them: database, store, key. */
function stores(indexed) {
  const found = new Map();
  for (const [key, text] of Object.entries(indexed)) {
    const [database, store, record] = parts(key);
    if (record === undefined) continue;
    const name = `${database} › ${store}`;
    if (!found.has(name)) found.set(name, { size: 0, lines: [] });
    const one = found.get(name);
    one.size += key.length + text.length;
    one.lines.push(text);
  }
  return [...found].map(([name, { size, lines }]) => ({
    name,
    glance: `IndexedDB, ${lines.length} ${lines.length === 1 ? "record" : "records"}`,
    size,
    value: () => lines.join("\n"),
  }));
}

function parts(key) {
  try {
    const list = JSON.parse(key);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

function readable(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}

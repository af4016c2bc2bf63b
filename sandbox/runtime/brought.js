// What of a file's data is still as that file brought it. A print stands for all that is in one
// place; null is that of nothing, or of what cannot be compared at once, and is like no other.

function printOf(lines) {
  const text = lines.toSorted().join("\n");
  let [one, other] = [0x811c9dc5, 0x1b873593];
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 0x01000193);
    other = Math.imul(other ^ unit, 0x85ebca6b) ^ (other >>> 13);
  }
  return `${text.length} ${one >>> 0} ${other >>> 0}`;
}

function lineOf(...parts) {
  return JSON.stringify(parts);
}

function printOfLocal(entries) {
  return printOf(entries.map(([key, value]) => lineOf(key, value)));
}

function printOfDatabase(version, names, records) {
  const lines = records.map(({ store, key, text }) => lineOf(store, key, text));
  return printOf([lineOf(version), ...names.map((name) => lineOf(name)), ...lines]);
}

// Tells the print of all that a transaction sees; of blobs nothing can be read while it lasts.
function readPrint(transaction, version, tell) {
  const names = [...transaction.objectStoreNames];
  const records = [];
  let left = names.length;
  const finish = () => {
    const isWhole = records.every(({ text }) => text !== undefined);
    tell(isWhole ? printOfDatabase(version, names, records) : null);
  };
  for (const name of names) {
    const store = transaction.objectStore(name);
    const keys = store.getAllKeys();
    const values = store.getAll();
    values.onsuccess = () => {
      values.result.forEach((value, at) => {
        const key = encodeTree(keys.result[at], new Map(), []);
        records.push({ store: name, key, text: encode(value).text });
      });
      left -= 1;
      if (left === 0) {
        finish();
      }
    };
  }
  if (left === 0) {
    finish();
  }
}

import { Problem } from "./api.js";

const MANIFEST = "sandwright.json";
const NAME_AT = 30; // of the first file in a zip
const TOOL = /^data\/[a-z2-7]+\.jsonl$/;
const [ENTRY, END, END_64, WHERE_64] = [0x02014b50, 0x06054b50, 0x06064b50, 0x07064b50];
const END_BYTES = 22;
const MOST_COMMENT = 65_535;

/**
 * How many tools an archive of everything holds, by the list at its end: none of it is unpacked or sent. Null for
 * another kind of file.
 * @param {File} file
 * @throws {Problem} when it is damaged
 */
export async function toolsIn(file) {
  if (!(await isEverything(file))) return null;
  try {
    return await counted(file);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const action = "Save it once more where it came from.";
    throw new Problem({ title: `${file.name} cannot be unpacked.`, detail: "It is cut off or damaged.", action });
  }
}

/** Whether Export everything wrote it, which begins with a file that says so. */
async function isEverything(file) {
  const name = file.slice(NAME_AT, NAME_AT + MANIFEST.length).text();
  return (await name.catch(() => "")) === MANIFEST;
}

/** @throws {RangeError} where something else stands than a list of files */
async function counted(file) {
  const { start, end } = await listOf(file);
  const list = await view(file, start, end);
  const decoder = new TextDecoder();
  let tools = 0;
  for (let at = 0; at < list.byteLength; ) {
    expect(list, at, ENTRY);
    const [name, extra, comment] = [28, 30, 32].map((field) => list.getUint16(at + field, true));
    tools += TOOL.test(decoder.decode(new Uint8Array(list.buffer, at + 46, name)));
    at += 46 + name + extra + comment;
  }
  return tools;
}

async function listOf(file) {
  const from = Math.max(0, file.size - END_BYTES - MOST_COMMENT);
  const tail = await view(file, from, file.size);
  let at = tail.byteLength - END_BYTES;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  expect(tail, at, END);
  const [count, size, start] = [tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
  const fits = size < 0xffffffff && start < 0xffffffff;
  // 65,535 files may be just so many.
  const isPlain = count < 0xffff || at < 20 || tail.getUint32(at - 20, true) !== WHERE_64;
  if (fits && isPlain) return { start, end: start + size };
  expect(tail, at - 20, WHERE_64);
  const place = Number(tail.getBigUint64(at - 12, true));
  const large = await view(file, place, place + 56);
  expect(large, 0, END_64);
  const [long, first] = [40, 48].map((field) => Number(large.getBigUint64(field, true)));
  return { start: first, end: first + long };
}

function expect(bytes, at, mark) {
  if (bytes.getUint32(at, true) !== mark) throw new RangeError("not a list of files");
}

async function view(file, start, end) {
  return new DataView(await file.slice(start, end).arrayBuffer());
}

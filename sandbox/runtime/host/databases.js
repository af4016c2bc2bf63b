/**
 * What a tool's databases need, sent to it when it opens the first: the script that opens them,
 * and all that is kept. Until the server answers, they wait.
 */
import { patience, pause } from "./pause.js";

// UTF-16 units of all keys and values, as sandbox/stored.py has it.
const QUOTA = 20 * 1024 * 1024;

/**
 * @param {(message: object) => void} tell
 * @param {string | URL} script its address
 * @param {() => Promise<Iterable<[string, string]>>} read what is kept
 */
export async function sendDatabases(tell, script, read) {
  for (let failures = 1; ; failures += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- again only when this one failed
      const [code, kept] = await Promise.all([fetched(script), read()]);
      tell({ type: "indexed", code, kept: [...kept], quota: QUOTA });
      return;
    } catch {
      // oxlint-disable-next-line no-await-in-loop
      await pause(patience(failures));
    }
  }
}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the server said ${response.status}`);
  return response.text();
}

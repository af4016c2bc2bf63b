/** A request that did not do what was asked: RFC 9457's fields, or the network's silence. */
export class Problem extends Error {
  constructor({ title, detail, action, status, code }) {
    super(detail || title);
    this.name = "Problem";
    this.title = title;
    this.detail = detail ?? "";
    this.action = action ?? "";
    this.status = status ?? 0;
    this.code = code ?? "";
  }
}

const unreachable = () =>
  new Problem({
    title: "The server did not answer.",
    detail: "Your words are kept here.",
    action: "See that Sandwright is still running, then try once more.",
  });

/**
 * Asks the API, with an object as JSON or a file as it is. Returns the parsed JSON, or null for an empty answer.
 * @throws {Problem}
 */
export async function ask(method, url, body) {
  const { response, text } = await answered(method, url, body);
  return parsed(response, text);
}

/**
 * @returns {Promise<string>} an answer that is a text
 * @throws {Problem}
 */
export async function askForText(url) {
  return (await answered("GET", url)).text;
}

/**
 * Sends a form whose answer is a page.
 * @returns {Promise<{url: string, text: string}>} where the page is, and its markup
 * @throws {Problem}
 */
export async function askForPage(url, body) {
  const { response, text } = await answered("POST", url, body);
  return { url: response.headers.get("location"), text };
}

async function answered(method, url, body) {
  // Not "text/html": what goes wrong is to be told as a problem, not as a page.
  const request = { method, headers: { accept: "application/json, */*" } };
  if (body instanceof Blob) {
    request.headers["content-type"] = "application/octet-stream";
    request.body = body;
  } else if (body !== undefined) {
    request.headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response;
  let text = "";
  try {
    response = await fetch(url, request);
    text = await response.text();
  } catch {
    // What is made is made, though the answer was cut: whoever asked for a page has its address.
    if (!response?.headers.get("location")) throw unreachable();
  }
  if (!response.ok) {
    const problem = parsed(response, text);
    throw new Problem({ title: `The server said ${response.status}.`, ...problem, status: response.status });
  }
  return { response, text };
}

function parsed(response, text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    throw new Problem({ title: "The server's answer could not be read.", status: response.status });
  }
}

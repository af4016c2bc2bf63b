/** A request that did not do what was asked: RFC 9457's fields, or the network's silence. */
export class Problem extends Error {
  constructor({ title, detail, action, status }) {
    super(detail || title);
    this.name = "Problem";
    this.title = title;
    this.detail = detail ?? "";
    this.action = action ?? "";
    this.status = status ?? 0;
  }
}

const unreachable = () =>
  new Problem({
    title: "The server did not answer.",
    detail: "Your words are kept here.",
    action: "See that Sandwright is still running, then try once more.",
  });

/**
 * Asks the API. Returns the parsed JSON, or null for an empty answer.
 * @throws {Problem}
 */
export async function ask(method, url, body) {
  const request = { method, headers: { accept: "application/json" } };
  if (body !== undefined) {
    request.headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(url, request);
  } catch {
    throw unreachable();
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    throw new Problem({ title: "The server's answer could not be read.", status: response.status });
  }
  if (!response.ok) {
    throw new Problem({ title: `The server said ${response.status}.`, ...answer, status: response.status });
  }
  return answer;
}

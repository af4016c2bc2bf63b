/** What the server put into the page for its scripts. */
export function pageData(root = document) {
  return JSON.parse(root.getElementById("page-data")?.textContent ?? "{}");
}

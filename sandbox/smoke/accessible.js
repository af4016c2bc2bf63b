// Asks axe-core, where it stands in this world, what keeps people from using the page. It looks at
// what is in sight, in this document alone, and sends nothing to the tool or anywhere else.
(() => {
  "use strict";

  const MOST = 1500; // elements: a page that is longer takes axe too long
  const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
  const OFF = [
    "color-contrast", // legible.js tells it, also in the dark
    "bypass", "document-title", "page-has-heading-one", // a tool is no site of many pages
    "frame-title", "html-has-lang",
  ];
  const LONGEST = 200;

  // The start tag, as far as anybody would read it.
  const startTag = (html) => (/^<[^>]*>/.exec(html)?.[0] ?? "").slice(0, LONGEST);

  async function barriers() {
    const { axe } = globalThis;
    if (axe === undefined || document.getElementsByTagName("*").length > MOST) {
      return [];
    }
    const { violations } = await axe.run(document, {
      runOnly: { type: "tag", values: TAGS },
      rules: Object.fromEntries(OFF.map((rule) => [rule, { enabled: false }])),
      resultTypes: ["violations"],
      elementRef: true,
      iframes: false, // it would send messages to them
      preload: false, // it would fetch
    });
    return violations.map(({ id, help, impact, nodes }) => {
      const [{ element }] = nodes;
      return {
        rule: id,
        help,
        impact: impact ?? "minor",
        count: nodes.length,
        tag: startTag(element.outerHTML),
        name: element.localName,
        id: element.id.slice(0, LONGEST),
        class: (element.getAttribute("class") ?? "").slice(0, LONGEST),
      };
    });
  }

  return { barriers };
})()

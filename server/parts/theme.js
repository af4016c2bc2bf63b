// The names that such components have for colours; what they are stands in the style sheet.
{
  const named = (name) => `rgb(var(--ui-${name}) / <alpha-value>)`;
  const alone = ["border", "input", "ring", "background", "foreground"];
  const both = ["card", "popover", "primary", "secondary", "muted", "accent", "destructive"];
  const pair = (name) => ({ DEFAULT: named(name), foreground: named(`${name}-foreground`) });
  const colors = Object.fromEntries([
    ...alone.map((name) => [name, named(name)]), ...both.map((name) => [name, pair(name)]),
  ]);
  window.tailwind.config = { darkMode: "class", theme: { extend: { colors } } };
}

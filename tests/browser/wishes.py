"""What the scripted model writes for each wish of a person on our pages, and how a wish is made."""

from __future__ import annotations

from typing import Any

from playwright.async_api import FrameLocator, Locator, Page

TOOL = """Here it is.

```html
<!doctype html><html lang="en"><head><title>{title}</title></head><body><h1>{title}</h1>
{filler}
<button onclick="{script}">Go</button><output></output></body></html>
```
"""


def tool(title: str, *, script: str = "this.nextSibling.value = 1", lines: int = 40) -> str:
    return TOOL.format(title=title, script=script, filler="<p>some words</p>\n" * lines)


# A second greeting, then a flood of nothing through the port that it hands over.
FORGED = (
    "const {port1, port2} = new MessageChannel();"
    "const own = new MessageChannel(); port1.postMessage('a key', [own.port2]);"
    "parent.postMessage('hello', '*', [port2]);"
    "for (let i = 0; i < 1000; i++) port1.postMessage({type: i % 2 ? 'loaded' : 'nothing'});"
    "for (const one of [own.port1, port1])"
    " one.postMessage({type: 'console', text: 'a word in the flood'});"
    "setTimeout(() => port1.postMessage({type: 'console', text: 'a word after it'}), 500);"
    "setTimeout(() => console.log('all was said'), 1000)"
)

# What must be seen while it is written stays unfinished until `go_on`, however busy the machine is.
HALF = {"stall_at": 600, "stall_seconds": 3600}

# The last two in turn, for all wishes but these.
ANSWERS: list[dict[str, Any]] = [
    {"match": "wish-half", "text": tool("Half"), **HALF},
    {"match": "wish-keys", "text": tool("Keys", lines=400), "tokens_per_second": 50},
    {"match": "wish-old", "text": tool("Old")},
    {"match": "wish-new", "text": tool("New", lines=80)},
    {"match": "wish-first", "text": tool("First")},
    {"match": "wish-two", "text": tool("First") + "\nBetter:\n\n" + tool("Second")},
    {"match": "wish-broken", "text": tool("Broken", script="splitEvenly()")},
    {"match": "splitEvenly is not defined", "text": tool("Mended")},
    {
        "match": "wish-loud",
        "text": tool("Loud", script="for (let i = 0; i < 5000; i++) console.error('<b>' + i)"),
    },
    {"match": "wish-forged", "text": tool("Forged", script=FORGED)},
    {"match": "wish-refused", "error": {"status": 403, "at": "start"}},
    {"text": tool("Slow", lines=400), "tokens_per_second": 50},
    {"text": tool("Quick")},
]


async def create(page: Page, url: str, wish: str) -> None:
    await page.goto(url)
    await page.get_by_role("textbox", name="Describe a tool").fill(wish)
    await page.get_by_role("button", name="Create").click()
    await page.wait_for_url("**/artifacts/*", wait_until="commit")


async def ask(page: Page, change: str) -> None:
    await page.get_by_role("textbox", name="Ask for a change").fill(change)
    await page.get_by_role("button", name="Send").click()


def verdict(page: Page) -> Locator:
    return page.get_by_role("status")


def preview(page: Page) -> FrameLocator:
    return page.frame_locator('iframe[title="Preview"]')

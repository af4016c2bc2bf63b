"""Ask a browser what each wrapped script exports, and write the names into `contents.json`.

Run it after `vendor.py --refresh`. It serves the libraries as the frame origin does, and imports
each script as a module.
"""

from __future__ import annotations

import http.server
import json
import os
import sys
import threading
from typing import Any

from playwright.sync_api import sync_playwright

from sandbox.frame import LIBRARIES
from sandbox.libraries import fetch, manifest
from sandbox.libraries.resolve import MODULES, Catalogue
from sandbox.libraries.shelf import Shelf
from sandbox.smoke.browsers import NoBrowser, find_browser

NAMES = """async (address) => {
  const whole = (await import(address))["module.exports"];
  const odd = ["default", "length", "name", "prototype", "arguments", "caller"];
  const words = new Set(odd);
  return Object.getOwnPropertyNames(whole).filter((name) => {
    if (words.has(name) || !/^[A-Za-z$_][\\w$]*$/.test(name) || name.startsWith("__")) return false;
    try { new Function(`const ${name} = 1`); return true; } catch { return false; }
  });
}"""


def main() -> int:
    listed = manifest.libraries()
    wanted = [one for one in listed if one.wrapped and fetch.is_fetched(one, manifest.VENDORED)]
    contents = json.loads(manifest.CONTENTS.read_text(encoding="utf-8"))
    # Without names, so that those of an older version are in nobody's way.
    plain = manifest.with_contents(
        manifest.read_manifest(manifest.MANIFEST.read_text(encoding="utf-8")),
        {name: {**entry, "exports": {}} for name, entry in contents.items()},
    )
    browser = find_browser(None, os.environ)
    if isinstance(browser, NoBrowser):
        print(browser.reason, file=sys.stderr)
        return 2
    failed = 0
    with (
        http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), _handler(Shelf(Catalogue(plain)))
        ) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        opened = playwright.chromium.launch(
            executable_path=str(browser.path), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        for library in wanted:
            page = opened.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            found: dict[str, Any] = {}
            for path in dict.fromkeys(library.wrapped.values()):
                try:
                    found[path] = page.evaluate(NAMES, f"{LIBRARIES}{MODULES}/{library.id}/{path}")
                except Exception as error:  # noqa: BLE001 - each is told, and the others go on
                    failed += 1
                    print(f"{library.id} {path}: {str(error)[:300]}", file=sys.stderr)
            contents[library.id]["exports"] = found
            page.close()
        opened.close()
        server.shutdown()
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in contents.items())
    manifest.CONTENTS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 1 if failed else 0


def _handler(shelf: Shelf) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served = shelf.answer(self.path.removeprefix(LIBRARIES))
            is_page = self.path == "/"
            self.send_response(200 if served or is_page else 404)
            self.send_header("content-type", served.kind if served else "text/html")
            self.end_headers()
            self.wfile.write(served.body if served else b"<!doctype html><body>")

        def log_message(self, *_args: object) -> None:
            pass

    return Handler


if __name__ == "__main__":
    sys.exit(main())

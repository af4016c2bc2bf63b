"""The file a person takes home: one HTML file that works from disk with the network off.

Pure. Ahead of the model's document, which stays as it is, stand a doctype, a policy, where the
document came from, and a storage shim in the bridge's place.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping

from sandbox.grants import NO_GRANTS, Grants
from sandbox.policy import export_csp
from sandbox.runtime.assembly import export_shim
from sandbox.text import without_lone_surrogates

_MAX_NAME_BYTES = 80
_WINDOWS_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def export_html(
    source: str,
    *,
    title: str,
    storage_prefix: str,
    grants: Grants = NO_GRANTS,
    version: int | None = None,
    prompt: str | None = None,
    model: str | None = None,
) -> str:
    """Return the whole file; the policy comes before everything that could load or run.

    `storage_prefix` is the artifact's own, so that files share nothing. `prompt` is `None` when
    its person keeps it back.
    """
    prefix = "".join(
        (
            '<!doctype html><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="',
            html.escape(export_csp(grants)),
            '">',
            _comment({"title": title, "version": version, "model": model, "prompt": prompt}),
            f"<script>{export_shim(f'{storage_prefix}:')}</script>\n",
        )
    )
    return without_lone_surrogates(prefix + source.removeprefix("\ufeff"))


def _comment(facts: Mapping[str, str | int | None]) -> str:
    """A comment that nothing inside can end: no `<`, no `>`, no `--`; still plain JSON."""
    known = {name: fact for name, fact in facts.items() if fact is not None}
    told = json.dumps(known, ensure_ascii=False)
    told = told.replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")
    return f"<!-- Made with Sandwright: {told} -->"


def export_filename(title: str) -> str:
    """Return a file name every system takes, at most 85 bytes: "tip-splitter.html"."""
    name = unicodedata.normalize("NFC", without_lone_surrogates(title)).lower()
    # Letters, digits and the marks that belong to letters; all else parts words.
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else "-" for c in name)
    slug = re.sub(r"-+", "-", kept).strip("-")
    slug = slug.encode()[:_MAX_NAME_BYTES].decode(errors="ignore").strip("-")
    if not slug or _WINDOWS_DEVICES.fullmatch(slug):
        slug = f"{slug}-tool".strip("-")
    return f"{slug}.html"

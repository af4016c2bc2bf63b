"""The file a person takes home: one HTML file that works from disk with the network off.

Pure. Ahead of the model's document, which stays as it is but for the libraries put into it, stand a
doctype, a policy, where the document came from, the licences of the libraries, and in the bridge's
place a storage shim.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.grants import NO_GRANTS, Grants
from sandbox.policy import NOTHING, export_csp
from sandbox.runtime.assembly import export_shim
from sandbox.text import without_lone_surrogates

_MAX_NAME_BYTES = 80
_WINDOWS_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Licence:
    """Of one library that is in the file. `licence` is an SPDX expression."""

    name: str
    version: str
    licence: str
    text: str = ""


def export_html(
    source: str,
    *,
    title: str,
    storage_prefix: str,
    grants: Grants = NO_GRANTS,
    version: int | None = None,
    prompt: str | None = None,
    model: str | None = None,
    carried: str = "",
    licences: Sequence[Licence] = (),
    loads: Mapping[str, tuple[str, ...]] = NOTHING,
    policy: bool = True,
    stored: str = "",
) -> str:
    """Return the whole file; the policy comes before everything that could load or run.

    `storage_prefix` is the artifact's own, so that files share nothing. `prompt` is `None` when
    its person keeps it back. `carried` is what the file's own script reads of libraries, `stored`
    what it reads of the tool's data. `loads` are sources that the policy lets in by directive.
    """
    prefix = "".join(
        (
            '<!doctype html><meta charset="utf-8">',
            _policy(export_csp(grants, loads)) if policy else "",
            _comment({"title": title, "version": version, "model": model, "prompt": prompt}),
            _licences(licences),
            *(
                f'<script type="application/json">{one}</script>'
                for one in (stored, carried)
                if one
            ),
            f"<script>{_shim(storage_prefix, carried, stored)}</script>\n",
        )
    )
    return without_lone_surrogates(prefix + source.removeprefix("\ufeff"))


def _shim(storage_prefix: str, carried: str, stored: str) -> str:
    return export_shim(f"{storage_prefix}:", carries=bool(carried), restores=bool(stored))


def _policy(text: str) -> str:
    return f'<meta http-equiv="Content-Security-Policy" content="{html.escape(text)}">'


def _comment(facts: Mapping[str, str | int | None]) -> str:
    """A comment that nothing inside can end: no `<`, no `>`, no `--`; still plain JSON."""
    known = {name: fact for name, fact in facts.items() if fact is not None}
    told = json.dumps(known, ensure_ascii=False)
    told = told.replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")
    return f"<!-- Made with Sandwright: {told} -->"


def _licences(licences: Sequence[Licence]) -> str:
    """A comment with each library, and under it each licence's text once."""
    if not licences:
        return ""
    by_text: dict[str, list[str]] = {}
    for one in licences:
        told = f"{one.name} {one.version} ({one.licence})"
        by_text.setdefault(one.text.strip(), []).append(told)
    parts = ["\n".join((*names, "", text)).strip() for text, names in by_text.items()]
    told = "\n\n----\n\n".join(("Libraries in this file, and their licences.", *parts))
    ended = re.sub(r"-(?=-\s*!?>)", "- ", told)  # nothing in it may end the comment
    return f"<!--\n{ended}\n-->"


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

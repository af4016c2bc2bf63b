"""Write the libraries that are here into the newest system prompt; run after a change of them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sandbox.libraries.listing import font_list, short_list
from sandbox.libraries.manifest import libraries
from server.generation.prompts import SYSTEM_VERSION

PROMPT = Path(__file__).parent.parent / "server/generation/prompts" / f"{SYSTEM_VERSION}.md"


def written(prompt: str) -> str:
    """Return the prompt with the lists as they are now."""
    listed = libraries()
    prompt = re.sub(
        r"(?<=version: ).*?(?=\. Fonts: )", lambda _found: short_list(listed), prompt, count=1
    )
    return re.sub(r"(?<=\. Fonts: ).*(?=\.\n)", lambda _found: font_list(listed), prompt, count=1)


if __name__ == "__main__":
    PROMPT.write_text(written(PROMPT.read_text(encoding="utf-8")), encoding="utf-8")

"""Whether a browser takes several import maps in one document. Pure.

One that does not takes the first alone: a map of ours before a tool's own would be all there is.
No script can ask for it, only the browser's name tells it.
"""

from __future__ import annotations

import re

_CHROMIUM = re.compile(r"\b(?:Headless)?Chrome/(\d{1,5})\.", re.ASCII)
_SINCE = 133
"""https://issues.chromium.org/issues/358379381"""


def takes_several_maps(user_agent: str) -> bool:
    found = _CHROMIUM.search(user_agent)
    return found is not None and int(found[1]) >= _SINCE

"""Whether the disk had no room: then there is none for what is to come either."""

from __future__ import annotations

import errno

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_no_room(error: OSError) -> bool:
    return error.errno in _NO_ROOM

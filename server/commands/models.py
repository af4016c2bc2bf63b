"""`sandwright models`: not built yet."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rest", nargs="*")


def run(arguments: argparse.Namespace) -> int:
    del arguments
    print("sandwright models is not built yet.", file=sys.stderr)
    return 2

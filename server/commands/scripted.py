"""`sandwright scripted`: the shipped fake model; docs/providers.md says how to write answers."""

from __future__ import annotations

import argparse
from decimal import Decimal
from pathlib import Path

from server.providers.scripted import TOKENS_PER_SECOND
from server.providers.scripted import run as serve_scripted

PORT = 8010


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument(
        "--port", metavar="N", type=int, default=PORT, help=f"0 takes any free one ({PORT})"
    )
    parser.add_argument(
        "--tokens-per-second",
        metavar="N",
        type=float,
        default=TOKENS_PER_SECOND,
        help=f"how fast it writes ({TOKENS_PER_SECOND:g})",
    )
    parser.add_argument("--answers", metavar="FILE", type=Path, help="answers to replay, in JSON")
    parser.add_argument(
        "--price",
        metavar="IN/OUT",
        type=_price,
        help="what its list says that a million tokens cost, in dollars: 2/8",
    )


def _price(text: str) -> tuple[Decimal, Decimal]:
    read, _, made = text.partition("/")
    try:
        prices = Decimal(read), Decimal(made)
    except ArithmeticError:
        raise argparse.ArgumentTypeError("must be two numbers of dollars, as in 2/8") from None
    return prices


def run(arguments: argparse.Namespace) -> int:
    return serve_scripted(
        arguments.port,
        arguments.tokens_per_second,
        arguments.answers,
        arguments.host,
        arguments.price,
    )

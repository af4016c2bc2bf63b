"""`sandwright models`: what is connected, and why the default was chosen."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from typing import Any

from server.commands.exit_codes import GOOD, NO
from server.commands.terminal import shown
from server.providers.registry import Registry
from server.routes.models import models_shape
from server.settings import load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as GET /api/models has it")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0, or 1 when a connected host could not be asked."""
    shape = asyncio.run(_models())
    if arguments.json:
        print(json.dumps(shape))
    else:
        _tell(shape)
    return NO if shape["errors"] else GOOD


async def _models() -> dict[str, Any]:
    registry = Registry.from_settings(load_settings(os.environ))
    try:
        return await models_shape(registry)
    finally:
        await registry.aclose()


def _tell(shape: dict[str, Any]) -> None:
    default = shape["default"]
    print(f"Default: {default['provider']}/{shown(default['model'])} ({shown(default['label'])})")
    print(f"  {shown(default['why'])}")
    for item in shape["items"]:
        price = item["price"]
        cost = "price unknown"
        if price is not None:
            free = not (price["input"] or price["output"])
            rates = f"${price['input']:g} in, ${price['output']:g} out"
            cost = "no cost" if free else f"{rates} per million tokens"
        context = f", {item['context']:,} tokens of context" if item["context"] else ""
        print(f"{shown(item['id'])}  {shown(item['label'])}{context}, {cost}")
    if any(item["price"] and item["provider"] != "recipes" for item in shape["items"]):
        told = shape["prices"]
        print(f"Prices are the host's own, or of {told['list']} as of {told['dated']}.")
    for told in (*shape["errors"], *shape["notes"]):
        print(f"{told['provider']}: {shown(told['message'])}")

"""`sandwright new`: generate a tool, test it, write it as one standalone file."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from server import shapes
from server.app import open_services
from server.commands.exit_codes import COULD_NOT, GOOD, NO
from server.commands.terminal import as_json, finding_line, shown, shown_lines
from server.errors import Problem
from server.exporting import exported
from server.generation.hub import Hub
from server.generation.ledger import fewest
from server.providers.prices import dollars, micros_of
from server.routes.choosing import check_prompt, choose
from server.routes.models import estimate_shape
from server.services import Services
from server.settings import load_settings
from server.store import generations, ledger, messages, reports
from server.store.records import Artifact, Generation, StoredReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", metavar="PROMPT", help="what the tool should do")
    parser.add_argument("--model", metavar="P/M", help="provider/model; else the default")
    parser.add_argument("-o", "--output", metavar="FILE.html", type=Path, help="write it there")
    parser.add_argument("--json", action="store_true", help="one JSON object at the end")
    parser.add_argument(
        "--dry-run", action="store_true", help="say which model, tokens and cost; make nothing"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when it passed, 1 when it failed or none was made, 2 when it was not tested."""
    return asyncio.run(_new(arguments))


async def _new(arguments: argparse.Namespace) -> int:
    prompt = arguments.prompt.strip()
    if not prompt:
        raise Problem(422, "The prompt is empty.", action="Say what the tool should do.")
    check_prompt(prompt)
    async with open_services(load_settings(os.environ)) as services:
        choice = await choose(services.registry, arguments.model)
        if arguments.dry_run:
            estimate = await estimate_shape(choice, prompt, services.registry)
            print(as_json(estimate))
            return GOOD
        _say(arguments, f"{choice.id}: {choice.why}")
        services.smoke.warm()
        artifact, generation, _ = await services.generator.create(prompt, choice)
        made = generation.id
        while True:
            await _follow(arguments, services.hub, made)
            await services.generator.ended(made)
            repairs = services.hub.of(artifact.id)  # which start by themselves
            if not repairs:
                break
            made = repairs[0].generation.id
        return await _finish(arguments, services, artifact, generation.id)


def _say(arguments: argparse.Namespace, text: str) -> None:
    if not arguments.json:
        print(shown(text), file=sys.stderr)


async def _follow(arguments: argparse.Namespace, hub: Hub, generation_id: str) -> None:
    run_ = hub.get(generation_id)
    if run_ is None:
        return
    async for entry in run_.follow(0, idle=3600):
        if entry is not None and entry.kind in {"state", "progress"}:
            data = json.loads(entry.data)
            _say(arguments, data.get("message") or _state(data))


def _state(data: dict[str, Any]) -> str:
    attempt = data.get("attempt")
    if attempt is None or data["state"] != "streaming":
        return str(data["state"])
    return f"repairing, attempt {attempt['number']} of {attempt['of']}"


async def _finish(
    arguments: argparse.Namespace, services: Services, artifact: Artifact, generation_id: str
) -> int:
    async with services.database.read() as connection:
        made = await generations.listed(connection, artifact.id)
        tested = await reports.latest(connection, artifact.id)
        generation = _best(made, tested, generation_id)
        said = await messages.listed(connection, artifact.id)
        tried = await ledger.listed(connection, artifact.id)
        file = None
        if generation.version is not None and arguments.output is not None:
            export = await exported(connection, artifact, generation.version)
            assert export is not None
            file = await asyncio.to_thread(_write, arguments.output, export.html)
            for sentence in export.words():
                _say(arguments, sentence)
    report = tested.get(generation.version or 0)
    words = said[-1].text if said and said[-1].role == "assistant" else ""
    if arguments.json:
        result = _result(artifact, generation, report, words, file)
        result["spent"] = _spent(made)
        print(json.dumps({**result, "ledger": [shapes.ledger_entry(one) for one in tried]}))
    else:
        _tell(generation, report, words, file)
        if len(made) > 1:
            _say(arguments, _spent_in_words(_spent(made)))
    if generation.version is None:
        return NO
    verdict = report.verdict if report else "not tested"
    return {"passed": GOOD, "failed": NO}.get(verdict, COULD_NOT)


def _best(made: list[Generation], tested: dict[int, StoredReport], first: str) -> Generation:
    """Return the generation whose version is the best: repairs may have made it worse."""
    own = {one.version for one in made}
    faults = {
        n: sum(finding["severity"] == "fatal" for finding in report.findings)
        for n, report in tested.items()
        if n in own and report.verdict != "not tested"
    }
    best = fewest(faults)
    return next(one for one in made if (one.version == best if best else one.id == first))


def _write(path: Path, html: str) -> str:
    try:
        path.write_text(html, encoding="utf-8", errors="replace", newline="")
    except OSError as error:
        raise Problem(500, f"{path} cannot be written: {error.strerror}.") from error
    return str(path)


def _result(
    artifact: Artifact,
    generation: Generation,
    report: StoredReport | None,
    words: str,
    file: str | None,
) -> dict[str, Any]:
    return {
        "artifact": artifact.id,
        "version": generation.version,
        "state": str(generation.state),
        "provider": generation.provider,
        "model": generation.model,
        "usage": generation.usage,
        "cost": generation.cost,
        "seconds": generation.seconds,
        "error": generation.error,
        "answer": words,
        "verdict": report.verdict if report else "not tested",
        "report": shapes.report(report) if report else None,
        "file": file,
    }


def _spent(made: list[Generation]) -> dict[str, Any]:
    """Sum up all that ran, repairs too; a sum is null where a part of it is not known."""
    tokens = [_tokens(one) for one in made]
    micros = [micros_of(one.cost) for one in made]
    known = [one for one in micros if one is not None]
    return {
        "generations": len(made),
        "tokens": None if None in tokens else sum(one or 0 for one in tokens),
        "cost": dollars(sum(known)) if len(known) == len(made) else None,
        "seconds": round(sum(one.seconds or 0 for one in made), 3),
    }


def _tokens(made: Generation) -> int | None:
    usage = made.usage or {}
    asked, came = usage.get("input"), usage.get("output")
    return None if asked is None or came is None else asked + came


def _spent_in_words(spent: dict[str, Any]) -> str:
    tokens, cost = spent["tokens"], spent["cost"]
    said = "of unknown length" if tokens is None else f"{tokens:,} tokens"
    price = "price unknown" if cost is None else f"${cost['amount']:.4f}"
    return f"Repairs and all, {spent['generations']} answers: {said}, {price}."


def _tell(
    generation: Generation, report: StoredReport | None, words: str, file: str | None
) -> None:
    if generation.error is not None:
        told = f"{generation.error['message']} {generation.error['action']}"
        print(shown_lines(told), file=sys.stderr)
    if words:
        print(shown_lines(words))
    if generation.version is None:
        return
    verdict = report.verdict if report else "not tested"
    reason = f": {report.reason}" if report and report.reason else ""
    print(f"{verdict}{shown_lines(reason)}")
    for finding in report.findings if report else []:
        print(finding_line(finding))
    if file:
        print(file)

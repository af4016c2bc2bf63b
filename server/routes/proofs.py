"""`/prove`: the shipped attacks run in the visitor's own browser, each with its control."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from sandbox.grants import NO_GRANTS
from sandbox.origins import frame_sources, parse_host
from sandbox.own_command import own_command
from sandbox.policy import SANDBOX_FLAGS, frame_allow, host_headers
from server import __version__
from server.errors import Problem
from server.proving import Case, Proof
from server.routes.views import View, view
from server.store.records import Json

router = APIRouter(include_in_schema=False)
Viewing = Annotated[View, Depends(view)]


def _is_here(viewing: View) -> bool:
    """The canary listens on this machine's loopback, which only a page opened there can reach."""
    host = parse_host(viewing.host)
    return host is not None and host.is_loopback and viewing.services.settings.frame_url is None


def _page(request: Request, context: dict[str, Any]) -> Response:
    response: Response = request.app.state.templates.TemplateResponse(
        request, "prove.html", context
    )
    return response


@router.get("/prove")
async def begin(request: Request, viewing: Viewing) -> Response:
    needs = [case.needs for case in Proof().cases]
    context = {
        "proof": None,
        "here": _is_here(viewing),
        "count": needs.count(()),
        "by_command": sum("outside" not in one for one in needs),
        "all": len(needs),
        "port": viewing.services.settings.port,
        "command": own_command("prove"),
    }
    return _page(request, context)


@router.post("/prove")
async def start(viewing: Viewing) -> Response:
    """Open the canary and go to the page that runs the attacks."""
    if not _is_here(viewing):
        raise Problem(409, "A proof runs where this page is opened on the machine itself.")
    proof = await viewing.services.proofs.start()
    return RedirectResponse(f"/prove/{proof.id}", status_code=303)


@router.get("/prove/{proof_id}")
async def run(proof_id: str, request: Request, viewing: Viewing) -> Response:
    proof = viewing.services.proofs.get(proof_id)
    if proof is None or not proof.is_open:  # another, or the same page once more
        return RedirectResponse("/prove", status_code=303)
    context = {
        "proof": proof,
        "version": __version__,
        "cases": [_shown(case, proof, viewing) for case in proof.cases],
        "sandbox": SANDBOX_FLAGS,
        "allow": frame_allow(NO_GRANTS),
        "command": own_command("prove"),
    }
    response = _page(request, context)
    sources = frame_sources(viewing.opened, viewing.services.frames)
    for name, value in host_headers((*sources, proof.control_origin)):
        response.headers[name] = value
    return response


@router.get("/prove/{proof_id}/heard")
async def heard(proof_id: str, viewing: Viewing) -> Json:
    """What the canary has heard so far."""
    proof = _find(viewing, proof_id)
    return {
        case.attack.name: {
            "control": case.control in case.heard,
            "attack": case.secret in case.heard,
        }
        for case in proof.cases
        if case.heard
    }


@router.delete("/prove/{proof_id}", status_code=204)
async def end(proof_id: str, viewing: Viewing) -> Response:
    """Close the canary."""
    _find(viewing, proof_id).close()
    return Response(status_code=204)


def _find(viewing: View, proof_id: str) -> Proof:
    proof = viewing.services.proofs.get(proof_id)
    if proof is None or not proof.is_open:
        raise Problem(404, "This proof is over.", action="Start a new one at /prove.")
    return proof


def _shown(case: Case, proof: Proof, viewing: View) -> Json:
    attack = case.attack
    return {
        "name": attack.name,
        "class": attack.kind.value,
        "says": attack.says,
        "canary": attack.canary.value,
        "needs": list(case.needs),
        "engines": list(attack.engines),
        "act": attack.act.value,
        "on": attack.on,
        "key": case.key,
        "mark": case.mark,
        "control": f"{proof.control_origin}/shell-{case.control}",
        "tab": f"{proof.control_origin}/page-{case.control}",
        "attack": f"{viewing.frame_base(case.label)}/{case.secret}",
        "names": {"control": case.control, "attack": case.secret},
    }

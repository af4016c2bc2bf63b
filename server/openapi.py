"""The API's description of itself: FastAPI's own, with the errors that really happen."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from server.routes.schemas import Problem

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_NEVER_SENT = ("HTTPValidationError", "ValidationError")  # FastAPI's own form of a 422
_OPEN = ("/healthz", "/readyz")
_ASK_NO_DATABASE = frozenset(
    {
        *_OPEN,
        *("/api/models", "/api/export", "/api/libraries"),
    }
)
_GENERATION = "/api/generations/{generation_id}"
_CONFLICTS = frozenset(
    {
        ("delete", "/api/artifacts/{artifact_id}"),
        ("post", "/api/artifacts/bin"),
        ("delete", "/api/artifacts/bin"),
        ("delete", "/api/artifacts/bin/{artifact_id}"),
        ("post", "/api/artifacts/{artifact_id}/fix"),
        ("post", f"{_GENERATION}/cancel"),
        ("post", f"{_GENERATION}/retry"),
        ("post", f"{_GENERATION}/continue"),
        ("delete", "/api/artifacts/{artifact_id}/versions/{n}/pin"),
        ("post", "/api/import"),
    }
)
_NAMES_AN_ARTIFACT = frozenset({"/api/spending", "/api/estimate"})  # not in its path
_ASK_A_MODEL = frozenset(
    {
        *("/api/artifacts", "/api/artifacts/{artifact_id}/messages"),
        *("/api/artifacts/{artifact_id}/fix", f"{_GENERATION}/retry", f"{_GENERATION}/continue"),
    }
)
_EXPORTS = frozenset(
    {"/api/export", "/api/artifacts/{artifact_id}/versions/{n}/export"},
)
_MEANINGS = {
    401: "The access token is missing or wrong (only where one is set)",
    402: "A budget has no room for another call (only where one is set)",
    403: "Another site's page asked for a change, or for an export",
    404: "Not found",
    409: "Not in this state",
    413: "Larger than is taken",
    421: "The server does not answer under this host name",
    422: "Cannot be used",
    429: "Too many wrong access tokens are being tried (only where one is set)",
    502: "The npm registry did not give it",
    503: "Busy, or the database does not answer",
    507: "The disk is full",
}


class DescribedApi(FastAPI):
    """FastAPI, whose `/api/openapi.json` names for each operation its problem documents."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _describe(path, method, operation)
            schemas = document["components"]["schemas"]
            for name in _NEVER_SENT:
                schemas.pop(name, None)
            schemas["Problem"] = Problem.model_json_schema()
        return self.openapi_schema or {}


def _describe(path: str, method: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    answers.pop("422", None)
    for status in _errors(path, method, operation):
        answers[str(status)] = {"description": _MEANINGS[status], "content": _PROBLEM}


def _errors(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    parameters = operation.get("parameters", ())
    has_body = "requestBody" in operation
    # A string in a path is any string: what it names is there or not.
    can_be_wrong = has_body or any(
        one["in"] == "query" or one["schema"].get("type") != "string" for one in parameters
    )
    adds = (method, path) == ("post", "/api/libraries")
    has_database = path not in _ASK_NO_DATABASE
    happens = {
        401: path not in _OPEN,
        402: method == "post" and path in _ASK_A_MODEL,
        403: method != "get" or path in _EXPORTS,
        404: adds or path in _NAMES_AN_ARTIFACT or any(one["in"] == "path" for one in parameters),
        409: (method, path) in _CONFLICTS,
        413: has_body,
        421: True,
        422: can_be_wrong,
        429: path not in _OPEN,
        502: adds,
        503: has_database or path in {"/readyz", "/api/export"},
        507: has_database or adds,
    }
    return [status for status, true in happens.items() if true]

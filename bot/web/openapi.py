"""Describes the API as OpenAPI 3.1, out of the table that serves it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from bot.web.answers import Fault
from bot.web.route import Parameter, Route

PREFIX = "/api/v1"
REF = "#/components/schemas/{model}"
FAULTS = {
    "400": "A parameter is not as described.",
    "404": "What was asked for is not there.",
    "413": "A question has no body.",
    "414": "The address is too long.",
    "429": "Too many questions; Retry-After says how many seconds to wait.",
    "503": "Too much is asked at once, or the database cannot be read now.",
}
EVENTS = {
    "get": {
        "operationId": "events",
        "summary": "Announcements as they are cried, as server-sent events; Last-Event-ID resumes",
        "responses": {"200": {"description": "A stream that does not end.", "content": {"text/event-stream": {}}}},
    }
}


def document(routes: Sequence[Route], version: str) -> str:
    """The whole document as JSON text."""
    shapes = [route.shape for route in routes] + [Fault]
    keys: list[Any] = [(shape.__name__, "serialization", TypeAdapter(shape)) for shape in dict.fromkeys(shapes)]
    _, schemas = TypeAdapter.json_schemas(keys, ref_template=REF)
    paths: dict[str, Any] = {PREFIX + route.path: {"get": _operation(route)} for route in routes}
    told = {
        "openapi": "3.1.0",
        "info": {
            "title": "Crier",
            "version": version,
            "description": "What the bot decided, and why. Read-only; simulated trading, not advice. "
            "Shares and chances are fractions, dates are UTC days.",
        },
        "paths": paths | {f"{PREFIX}/events": EVENTS},
        "components": {"schemas": schemas["$defs"]},
    }
    return json.dumps(told, indent=1, ensure_ascii=False)


def _operation(route: Route) -> dict[str, Any]:
    return {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [_parameter(parameter) for parameter in route.parameters],
        "responses": {
            "200": {"description": "The answer.", "headers": _headers(), "content": _json(route.shape)},
            "304": {"description": "Unchanged since the ETag that was sent along."},
            **{code: {"description": said, "content": _json(Fault)} for code, said in FAULTS.items()},
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.about,
        "schema": dict(parameter.schema),
    }


def _json(shape: type) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REF.format(model=shape.__name__)}}}


def _headers() -> dict[str, Any]:
    return {"ETag": {"description": "Of this answer.", "schema": {"type": "string"}}}


def media(routes: Sequence[Route]) -> dict[str, TypeAdapter[Any]]:
    """What writes each route's answer as JSON."""
    return {route.name: TypeAdapter(route.shape) for route in routes}

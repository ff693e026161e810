"""The OpenAPI document: sound, the table's own, and held by what schemathesis makes up."""

import asyncio
import json
import os

import pytest

from bot.web.api import ROUTES
from bot.web.openapi import PREFIX, document

DOSE = int(os.environ.get("CRIER_EXAMPLES") or 60) // 15  # made-up questions an operation, of either kind


def test_the_document_describes_every_route_of_the_table_and_its_parameters():
    told = json.loads(document(ROUTES, "1"))
    assert set(told["paths"]) == {PREFIX + route.path for route in ROUTES} | {f"{PREFIX}/events"}
    for route in ROUTES:
        operation = told["paths"][PREFIX + route.path]["get"]
        assert [p["name"] for p in operation["parameters"]] == [p.name for p in route.parameters]
        assert {p["name"] for p in operation["parameters"] if p["in"] == "path"} == {
            part[1:-1] for part in route.path.split("/") if part.startswith("{")
        }
    names = [operation["get"]["operationId"] for operation in told["paths"].values()]
    assert len(set(names)) == len(names)


def test_every_type_it_refers_to_is_in_it():
    text = document(ROUTES, "1")
    schemas = json.loads(text)["components"]["schemas"]
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= set(schemas)
    assert {"IndicesAnswer", "Fault", "DecisionLine"} <= set(schemas)


async def test_nothing_that_schemathesis_makes_up_breaks_the_api_or_gets_an_answer_that_is_not_described(
    decided, serve
):
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install '.[test]'")
    async with serve(decided) as (found, _):
        await asyncio.to_thread(_make_up, schemathesis, found.address)


def _make_up(schemathesis, address):
    from hypothesis import HealthCheck, given, settings

    schema = schemathesis.openapi.from_dict(json.loads(document(ROUTES, "1")))
    schema.config.update(base_url=address)
    for result in schema.exclude(path_regex="/events$").get_all_operations():
        modes = list(schemathesis.GenerationMode) if result.ok().definition.raw["parameters"] else []
        for mode in modes or [schemathesis.GenerationMode.POSITIVE]:  # where nothing can be given, nothing can be wrong
            _walk(result.ok(), mode, given, settings(max_examples=DOSE, suppress_health_check=list(HealthCheck)))


def _walk(operation, mode, given, limits):
    try:
        cases = operation.as_strategy(generation_mode=mode)
    except Exception as error:
        pytest.fail(str(error))

    @limits
    @given(case=cases)
    def ask(case):
        answer = case.call(timeout=10)
        if answer.status_code != 414:  # a refusal too, which schemathesis does not take for one
            case.validate_response(answer)

    ask()

"""The API keeps to its own description, whatever is sent to it.

A longer run: CONCORD_CONTRACT_EXAMPLES=2000 python -m pytest tests/db/test_http_contract.py
"""

import json
import os
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from starlette.applications import Starlette
from starlette.routing import Mount

from actions import api_tokens
from alignment.people import MACHINE
from api.portal import application

EXAMPLES = int(os.environ.get("CONCORD_CONTRACT_EXAMPLES", "8"))
ROOT = Path(__file__).resolve().parents[2]
HTTP_LINES = "application/x-ndjson"


@schemathesis.serializer(HTTP_LINES)
def as_lines(context, value):
    lines = value if isinstance(value, list) else [[value]]  # what is no list of items is no item either
    return b"\n".join(json.dumps(line).encode() for line in lines)


def operations():
    app = Starlette(routes=[Mount("/api", app=application())])
    secret = api_tokens.create_token(MACHINE, "contract", list(api_tokens.Scope)).secret
    schema = schemathesis.openapi.from_asgi(
        "/api/v1/openapi.json",
        app,
        headers={"Authorization": f"Bearer {secret}"},
        config=schemathesis.Config.from_path(ROOT / "schemathesis.toml"),
    )
    found = [result.ok() for result in schema.get_all_operations()]
    return {f"{operation.method.upper()} {operation.path}": operation for operation in found}, secret


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", ["POST /v1/leads", "POST /v1/lead-events", "POST /v1/hubspot/notifications"])
def test_the_api_does_what_it_says_and_refuses_the_rest(name, mode):
    found, secret = operations()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=found[name].as_strategy(generation_mode=mode))
    def hold(case):
        case.call_and_validate(headers={"Authorization": f"Bearer {secret}"})

    hold()

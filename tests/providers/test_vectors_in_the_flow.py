"""Every recorded answer, read by the core's own flow: the same balances or the same kind of error as the files say.

The flow is driven by hand, so that there is neither a socket nor a wait.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from coffers import Account, Registry, Response, Scrubber, Secret, Snapshot
from coffers.errors import CoffersError
from coffers.flow import BoundAccount, Clock, Pause, Run, read
from coffers.testing.vectors import Case, complete, load_cases, read_response, snapshot_to_json

DISTS = sorted((Path(__file__).parents[2] / "plugins" / "providers").glob("*/pyproject.toml"))
CASES = [case for file in DISTS for case in load_cases(file.parent / "vectors")]
#: A single step that ends there; tokens and pages need more than one recorded answer.
WHOLE = [
    case
    for case in CASES
    if "response.http" in case.files
    and "token.json" not in case.files
    and case.json("query.json").get("step", "balances") == "balances"
    and not case.json("snapshot.json").get("next")
]
#: Made-up credentials of each provider, for the cases that record none of their own.
CREDENTIALS = {case.provider_id: case for case in CASES if "credentials.json" in case.files}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry()


def values_of(credentials: Any) -> list[Any]:
    return [getattr(credentials, field.name) for field in attrs.fields(credentials.__class__)] if credentials else []


def drive(bound: BoundAccount, time_s: float, response: Response) -> tuple[Snapshot | CoffersError, int]:
    """What the read ends with when every request gets this answer, and how many requests it made."""
    flow = read(bound, Run(10.0, lambda: 0.0, lambda: 0.0, Clock(lambda: time_s), lambda ms: ms, lambda: True))
    requests = 0
    try:
        effect = next(flow)
        while True:
            requests += not isinstance(effect, Pause)
            effect = flow.send(None if isinstance(effect, Pause) else response)
    except StopIteration as stop:
        return stop.value, requests
    except CoffersError as error:
        return error, requests


@pytest.mark.parametrize("case", WHOLE, ids=lambda case: f"{case.provider_id}/{case.name}")
def test_the_flow_reads_what_the_files_say(case: Case, registry: Registry) -> None:
    provider = registry.load(case.provider_id)
    manifest = provider.manifest
    if manifest.token_step is not None:
        pytest.skip("a token is needed first")
    credentials = CREDENTIALS[case.provider_id].credentials(manifest) if manifest.credentials else None
    secrets = tuple(value for value in values_of(credentials) if isinstance(value, Secret))
    account, settings = Account("a", case.provider_id), case.query(manifest).settings
    bound = BoundAccount(account, provider, settings, credentials, secrets, Scrubber(secrets))
    answer, requests = drive(bound, case.attempt.time_ms / 1000, read_response(case.files["response.http"]))
    if isinstance(answer, Snapshot):
        assert snapshot_to_json(answer) == complete(case.json("snapshot.json"))
        assert requests == 1
    else:
        expected = case.json("error.json")
        assert answer.kind == expected["kind"]
        assert answer.code == expected.get("code", answer.code)
        assert requests == 1 or answer.retryable
        assert (answer.provider, answer.account, answer.step) == (case.provider_id, "a", "balances")


def test_there_is_something_to_read() -> None:
    assert len(WHOLE) > len(DISTS)

"""A dozen accounts that fail, each in its own way and at another provider, beside one at every other provider.

All are read in one run of the real command over real HTTP. No provider is named here: who can fail how is looked up in
the recorded cases.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from coffers import KINDS
from coffers.testing.hostile import Behaviour, HostileServer
from coffers.testing.polite import Step, balances_of, polite, recorded_read
from coffers.testing.subject import Subject, plugin_of
from coffers.testing.vectors import Case, load_cases
from tests.providers.test_conformance import DISTS

#: Kinds that need no provider's words.
SILENT: Final = {"timeout": "hang", "network": "reset"}


@attrs.frozen
class Reading:
    """An account, and what its read must tell.

    Attributes:
        subject: whose it is.
        behaviour: of its server.
        balances: the rows, where it is read.
        error: what is told instead.
        settings: of the account, besides those of the recorded success.
    """

    subject: Subject
    behaviour: str | Behaviour
    balances: list[Any] | None = None
    error: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = {}


@pytest.fixture(scope="module")
def subjects() -> dict[str, Subject]:
    cases = [case for dist in DISTS for case in load_cases(dist.parent / "vectors")]
    return {name: Subject(plugin_of(name), tuple(cases)) for name in sorted({case.provider_id for case in cases})}


def readings(subjects: Mapping[str, Subject]) -> Iterator[Reading]:
    """One for each provider: each kind of failure at one of them, the rarest first, the rest as recorded."""
    left = dict(subjects)
    for kind in ("unsupported", "clock", "permission", "rate_limited", "rejected", "auth", "bad_response"):
        name, case = next((name, case) for name in left for case in _failing(left[name], kind))
        subject = left.pop(name)
        steps = [attrs.evolve(step, case=case) if _answers(case, step) else step for step in recorded_read(subject)]
        settings = case.json("query.json").get("settings", {})
        yield Reading(subject, polite(steps), error=case.json("error.json"), settings=settings)
    for kind, behaviour in (SILENT | {"unavailable": "status_502"}).items():
        yield Reading(left.pop(next(iter(left))), behaviour, error={"kind": kind})
    yield Reading(left.pop(next(name for name in left if left[name].secret_keys)), "hang", error={"kind": "config"})
    for subject in left.values():
        steps = list(recorded_read(subject))
        yield Reading(subject, polite(steps), balances=balances_of(steps))


def _failing(subject: Subject, kind: str) -> Iterator[Case]:
    for case, told in subject.errors:
        if told == kind and any(_answers(case, step) for step in recorded_read(subject)):
            yield case


def _answers(case: Case, step: Step) -> bool:
    asked = case.json("query.json")
    return (asked.get("step", "balances"), asked.get("state", {})) == (step.query.step, dict(step.query.state))


def test_every_kind_of_failure_beside_exact_figures(subjects: Mapping[str, Subject], tmp_path: Path) -> None:
    wanted = {f"at-{reading.subject.id}": reading for reading in readings(subjects)}
    lines = ['[accounts.nowhere]\nprovider = "no-such-provider"\nkey = "env:NOWHERE"\n']
    environment: dict[str, str] = {}
    with ExitStack() as stack:
        for name, reading in wanted.items():
            server = stack.enter_context(HostileServer(reading.behaviour))
            lines.append(f'[accounts.{name}]\nprovider = "{reading.subject.id}"\n')
            for key, value in {**_fields(reading.subject), **reading.settings, "base_url": server.base_url}.items():
                lines.append(f"{key} = {json.dumps(value)}\n")
            if not reading.error or reading.error["kind"] != "config":
                environment |= _secrets(reading.subject)
        config = tmp_path / "config.toml"
        config.write_text("".join(lines))
        config.chmod(0o600)
        command = [sys.executable, "-m", "coffers", "balances", "--json", "--timeout", "5", "--config", str(config)]
        run = subprocess.run(command, capture_output=True, check=False, timeout=60, env=os.environ | environment)
    assert run.returncode == 5, run.stderr
    document = json.loads(run.stdout)
    found = {entry["account"]: entry for entry in document["accounts"]}
    assert found.pop("nowhere")["error"]["kind"] == "plugin"
    assert {name: entry.get("balances") for name, entry in found.items()} == {
        name: reading.balances for name, reading in wanted.items()
    }
    for name, reading in wanted.items():
        for fact, value in (reading.error or {}).items():
            assert found[name]["error"][fact] == value, (name, fact)
    told = {reading.error["kind"] for reading in wanted.values() if reading.error} | {"plugin"}
    assert told == set(KINDS)
    assert len(found) - len(told) >= 12
    assert not [secret for secret in environment.values() if secret.encode() in run.stdout + run.stderr]


def _fields(subject: Subject) -> dict[str, Any]:
    settings = subject.main_case.json("query.json").get("settings", {})
    credentials = subject.main_case.json("credentials.json")
    return {**settings, **credentials, **{key: f"env:{_variable(subject, key)}" for key in subject.secret_keys}}


def _secrets(subject: Subject) -> dict[str, str]:
    credentials = subject.main_case.json("credentials.json")
    return {_variable(subject, key): credentials[key] for key in subject.secret_keys}


def _variable(subject: Subject, key: str) -> str:
    return f"{subject.id}_{key}".upper().replace("-", "_")

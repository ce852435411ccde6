"""A plugin from outside: made from the template, given a provider with a signature and pages, built, installed beside
released wheels, read; then broken in every way a plugin can be. The other accounts' output stays the same each time.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.wheels.environment import CORE, PLUGINS, Environment

FJORD = Path(__file__).parents[1] / "outsider/fjord"

#: Seconds a read may take, and a whole run of the command with the start of Python and a slow machine.
TIMEOUT_S = 3
RUN_S = TIMEOUT_S + 12


@attrs.frozen
class Street:
    """An environment with the outsider's plugin and a released one, and a sandbox that serves both.

    Attributes:
        environment: where they are installed.
        project: the outsider's project folder.
        package: its installed package.
        config: a config of the sandbox's accounts.
    """

    environment: Environment
    project: Path
    package: Path
    config: Path

    def balances(self) -> tuple[dict[str, dict[str, Any]], int]:
        """Each account's entry of the JSON, without what differs from run to run; and the exit code."""
        shutil.rmtree(self.package / "__pycache__", ignore_errors=True)  # its times are too coarse for these tests
        arguments = ("balances", "--json", "--config", str(self.config), "--timeout", str(TIMEOUT_S))
        started = time.monotonic()
        run = self.environment.run("coffers", *arguments)
        assert time.monotonic() - started < RUN_S
        assert "Traceback" not in run.stderr
        report = json.loads(run.stdout)
        moving = {"fetched_at", "as_of"}
        return {
            account["account"]: {key: value for key, value in account.items() if key not in moving}
            for account in report["accounts"]
        }, run.returncode


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    environment = Environment(tmp_path_factory.mktemp("street"))
    environment.pip("install", f"{CORE}[cli,sandbox,testing]")
    environment.pip("install", "--no-deps", PLUGINS[0])
    outside = tmp_path_factory.mktemp("outside")
    made = environment.run("coffers", "new-provider", "fjord", "--to", str(outside))
    assert made.returncode == 0, made.stderr
    project = outside / "coffers-fjord"
    source = project / "src/coffers_fjord"
    for name in ("__init__.py", "sandbox.py"):
        shutil.copy(FJORD / name, source / name)
    shutil.rmtree(project / "vectors")
    shutil.copytree(FJORD / "vectors", project / "vectors")
    (project / "tests/test_fjord.py").unlink()  # it is about the template's made-up API
    environment.pip("wheel", "--no-deps", "--wheel-dir", outside / "dist", project)
    [wheel] = (outside / "dist").glob("coffers_fjord-*.whl")
    environment.pip("install", "--no-deps", wheel)
    [package] = environment.home.glob("lib/*/site-packages/coffers_fjord")
    with served(environment) as config:
        yield Street(environment, project, package, config)


@contextmanager
def served(environment: Environment) -> Iterator[Path]:
    """`coffers sandbox` of the environment, running; its config."""
    folder = environment.home / "served"
    command = [environment.bin / "coffers", "sandbox", "--config-dir", folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        config, until = folder / "config.toml", time.monotonic() + 30
        while not config.exists():
            assert time.monotonic() < until, "the sandbox does not come up"
            assert process.poll() is None, "the sandbox ended"
            time.sleep(0.05)
        yield config
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def test_its_own_tests_pass_beside_the_released_core(street: Street) -> None:
    run = street.environment.run("python", "-m", "pytest", "-q", within=str(street.project))
    assert run.returncode == 0, run.stdout + run.stderr
    assert "passed" in run.stdout


def test_it_is_discovered_and_all_its_pages_are_read(street: Street) -> None:
    assert "fjord" in street.environment.listed()
    report, code = street.balances()
    assert code == 0
    rows = [(row["currency"], row["wallet"], row["total"]) for row in report["fjord"]["balances"]]
    assert rows == [
        ("NOK", "wallet-nok", "1250.50"),
        ("SEK", "wallet-sek", "99002.23"),
        ("EUR", "wallet-eur", "0.00"),
        ("DKK", "wallet-dkk", "-17.5"),
        ("ISK", "wallet-isk", "31168"),
    ]


def test_its_tier_is_computed_from_its_wheel(street: Street) -> None:
    run = street.environment.run("coffers", "providers", "fjord", "--tier")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "gold" in run.stdout, run.stdout


# --- broken ----------------------------------------------------------------------------------------------------------

SOURCE = (FJORD / "__init__.py").read_text()


FUTURE = "from __future__ import annotations\n"


def at_import(code: str) -> str:
    """The module with something done before anything else."""
    return SOURCE.replace(FUTURE, f"{FUTURE}{code}\n")


def hook(verb: str, body: str) -> str:
    """The module with the first line of a verb's body put before the others."""
    head, line, tail = SOURCE.partition(f"def coffers_{verb}(")
    signature, end, rest = tail.partition(':\n    """')
    docstring, quotes, code = rest.partition('"""\n')
    return f"{head}{line}{signature}{end}{docstring}{quotes}    {body}\n{code}"


@attrs.frozen
class Broken:
    """One way to be broken.

    Attributes:
        name: what is wrong.
        source: the whole module.
        reason: what the account's error must say.
    """

    name: str
    source: str
    reason: str


VERBS = ("provider", "request", "sign", "parse")
WAYS = [
    Broken("ImportError", at_import("import no_such_module_anywhere"), "no_such_module_anywhere"),
    Broken("SyntaxError", at_import("def (:"), "SyntaxError"),
    Broken("SystemExit", at_import("raise SystemExit(3)"), "SystemExit"),
    Broken("wrong contract version", SOURCE.replace('id="fjord",', 'id="fjord", contract=99,'), "hook contract 99"),
    Broken("another id in the manifest", SOURCE.replace('id="fjord",', 'id="fiord",'), "'fiord'"),
    *(
        Broken(
            f"missing hook {verb}",
            SOURCE.replace(f"@hookimpl\ndef coffers_{verb}", f"def _no_{verb}"),
            f"coffers_{verb} is missing",
        )
        for verb in VERBS
    ),
    Broken("provider answers a text", hook("provider", 'return "fjord"'), "must answer a Provider, not str"),
    Broken("request answers a text", hook("request", 'return "GET /"'), "coffers_request must answer a Request"),
    Broken("sign answers the request", hook("sign", "return request"), "coffers_sign must answer what request.seal"),
    Broken("parse answers None", hook("parse", "return None"), "coffers_parse must answer a Snapshot"),
    *(Broken(f"{verb} raises", hook(verb, "raise ZeroDivisionError"), "ZeroDivisionError") for verb in VERBS),
    *(Broken(f"{verb} exits", hook(verb, "raise SystemExit(4)"), "SystemExit") for verb in VERBS),
    *(Broken(f"endless loop in {verb}", hook(verb, "while True: pass"), "did not end|takes longer") for verb in VERBS),
    Broken("parse sleeps", hook("parse", "import time; time.sleep(600)"), "did not end|takes longer|plugin"),
    Broken("slow import", at_import("import time; time.sleep(600)"), "takes longer"),
    Broken("import that never ends", at_import("while True: pass"), "did not end|takes longer"),
    Broken(
        "huge number of rows",
        hook("parse", 'return Snapshot([Balance("NOK", total=Amount(1))] * 1_000_000)'),
        "more than 10000 balances",
    ),
    Broken(
        "endless rows",
        hook("parse", "import itertools; return Snapshot(itertools.repeat(Balance('NOK', total=Amount(1))))"),
        "more than 10000 balances",
    ),
    Broken(
        "huge text",
        hook("parse", 'return Snapshot([Balance("NOK", total=Amount(1), wallet="w" * 50_000_000)])'),
        "characters",
    ),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name.replace(" ", "-"))
def test_a_broken_plugin_is_named_and_stops_nobody(street: Street, way: Broken) -> None:
    assert way.source != SOURCE
    whole, _ = street.balances()
    module = street.package / "__init__.py"
    module.write_text(way.source.replace("Amount(1)", "__import__('decimal').Decimal(1)"))
    try:
        report, code = street.balances()
    finally:
        module.write_text(SOURCE)
    failed = report.pop("fjord")
    assert failed["status"] == "error", failed
    assert any(reason in failed["error"]["message"] for reason in way.reason.split("|")), failed["error"]
    assert failed["error"]["kind"] in ("plugin", "bad_response")
    del whole["fjord"]
    assert report == whole != {}
    assert code == 5


@pytest.mark.parametrize("verb", ["provider", "request", "sign", "parse"])
def test_what_a_plugin_prints_is_no_data(street: Street, verb: str) -> None:
    whole, _ = street.balances()
    module = street.package / "__init__.py"
    module.write_text(hook(verb, 'print("hello from outside")'))
    try:
        report, code = street.balances()
    finally:
        module.write_text(SOURCE)
    assert (report, code) == (whole, 0)


def test_an_id_that_two_dists_claim_is_refused_and_both_are_named(street: Street) -> None:
    whole, _ = street.balances()
    [info] = street.package.parent.glob("coffers_fjord-*.dist-info")
    rival = info.with_name("coffers_rival-1.0.dist-info")
    shutil.copytree(info, rival)
    metadata = rival / "METADATA"
    metadata.write_text(metadata.read_text().replace("Name: coffers-fjord", "Name: coffers-rival"))
    try:
        report, code = street.balances()
    finally:
        shutil.rmtree(rival)
    message = report.pop("fjord")["error"]["message"]
    assert "coffers-fjord" in message
    assert "coffers-rival" in message
    del whole["fjord"]
    assert (report, code) == (whole, 5)


def test_the_doctor_says_why(street: Street) -> None:
    module = street.package / "__init__.py"
    module.write_text(at_import("import no_such_module_anywhere"))
    try:
        run = street.environment.run("coffers", "doctor", "fjord")
    finally:
        module.write_text(SOURCE)
    assert run.returncode == 2
    assert "no_such_module_anywhere" in run.stdout
    assert "coffers_fjord/__init__.py:4" in run.stdout

"""Extensions: imported one by one, each guarded; what is broken or claimed twice is left out and named."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import coffers.extensions as door
from coffers import Registry
from coffers.entries import Entry
from coffers.extensions import Extensions, ExtraCommand, hookimpl, installed
from coffers.plugin import hookimpl as providers_hookimpl
from tests.core import toy

WEIGH = ExtraCommand("Weigh every account.", "coffers_acme.weigh:command")


def entry(name: str, load: Callable[[], object], dist: str = "", version: str = "1.0") -> Entry:
    return Entry(door.EXTENSION_GROUP, name, "made.up", load, lambda: (dist or f"coffers-{name}", version))


def adding(*names: str) -> SimpleNamespace:
    """An extension with these commands."""

    def coffers_register_commands() -> dict[str, ExtraCommand]:
        return dict.fromkeys(names, WEIGH)

    return SimpleNamespace(coffers_register_commands=hookimpl(coffers_register_commands))


def observing(told: list[Any]) -> SimpleNamespace:
    def coffers_observe(read: Any) -> None:
        told.append(read)

    return SimpleNamespace(coffers_observe=hookimpl(coffers_observe))


def answering(answer: Any) -> SimpleNamespace:
    def coffers_register_commands() -> Any:
        return answer

    return SimpleNamespace(coffers_register_commands=hookimpl(coffers_register_commands))


def fault(load: Callable[[], object], name: str = "scale", **more: Any) -> str:
    """Why the one extension is left out."""
    extensions = Extensions([entry(name, load)], **more)
    [one] = extensions.installed
    assert (one.name, dict(extensions.commands), dict(extensions.observers)) == (name, {}, {})
    assert extensions.faults == (f"the extension {name!r} (coffers-{name} 1.0) is left out: {one.fault}",)
    return one.fault


def raising(error: BaseException) -> Callable[[], object]:
    def load() -> object:
        raise error

    return load


def test_commands_and_observers_of_several_are_put_together() -> None:
    told: list[str] = []
    extensions = Extensions(
        [entry("b", lambda: adding("weigh")), entry("a", lambda: observing(told))], given={"c": observing(told)}
    )
    assert [one.name for one in extensions.installed] == ["a", "b", "c"]
    assert extensions.faults == ()
    assert dict(extensions.commands) == {"weigh": WEIGH}
    assert str(extensions.owner("weigh")) == "extension 'b' (coffers-b 1.0)"
    for observer in extensions.observers.values():
        observer("read")
    assert told == ["read", "read"]
    names = [observer.__qualname__ for observer in extensions.observers.values()]
    assert names == ["of the extension 'a' (coffers-a 1.0)", "of the extension 'c'"]


def test_one_object_may_have_both_hooks_and_both_see_their_own_manager_alone() -> None:
    both = SimpleNamespace(**vars(adding("weigh")), **vars(observing([])))
    extensions = Extensions([entry("both", lambda: both)])
    assert (list(extensions.commands), len(extensions.observers)) == (["weigh"], 1)


def test_an_extension_may_have_a_demo_and_nothing_else() -> None:
    def coffers_demo(config: Path) -> int:
        return len(config.parts)

    extensions = Extensions([entry("shown", lambda: SimpleNamespace(coffers_demo=hookimpl(coffers_demo)))])
    assert extensions.faults == ()
    assert {name: demo(Path("a/b")) for name, demo in extensions.demos.items()} == {"shown": 2}


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (raising(ImportError("no such thing")), "ImportError: no such thing"),
        (raising(SystemExit(3)), "SystemExit: 3"),
        (raising(KeyboardInterrupt()), "KeyboardInterrupt"),
        (lambda: object(), "it has none of the hooks; mark them with coffers.extensions.hookimpl"),
        (lambda: toy.plugin(), "it has none of the hooks; mark them with coffers.extensions.hookimpl"),
        (lambda: answering(None), "coffers_register_commands must answer names and commands, as "),
        (lambda: answering({"Weigh": WEIGH}), "the name of a command must be lower-case letters, digits and '-'"),
        (lambda: answering({1: WEIGH}), "the name of a command must be lower-case letters, digits and '-'"),
        (lambda: answering({"weigh": "here"}), "the command 'weigh' must be an ExtraCommand"),
        (
            lambda: SimpleNamespace(coffers_observe=hookimpl(lambda snapshot: None)),
            "Plugin 'scale' for hook 'coffers_observe'",
        ),
        (
            lambda: SimpleNamespace(coffers_observe=hookimpl(lambda: None)),
            "the hook coffers_observe must be a plain function with exactly these parameters: (read)",
        ),
        (lambda: SimpleNamespace(coffers_weigh=hookimpl(lambda: None)), "unknown hook 'coffers_weigh' in plugin"),
    ],
)
def test_what_is_broken_is_left_out_and_says_why(load: Callable[[], object], reason: str) -> None:
    assert fault(load).startswith(reason)


def test_an_exception_that_cannot_tell_what_it_is_is_named_by_its_class() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert fault(raising(MuteError())) == "MuteError"


def test_a_hook_that_raises_is_a_fault_of_its_extension() -> None:
    def coffers_register_commands() -> Any:
        raise RuntimeError("not today")

    plugin = SimpleNamespace(coffers_register_commands=hookimpl(coffers_register_commands))
    assert fault(lambda: plugin) == "RuntimeError: not today"


def test_a_provider_s_marker_does_not_fit() -> None:
    def coffers_observe(read: Any) -> None: ...

    mark: Any = providers_hookimpl
    assert "none of the hooks" in fault(lambda: SimpleNamespace(coffers_observe=mark(coffers_observe)))


def test_one_that_never_ends_its_import_is_left_out() -> None:
    never = threading.Event()
    reason = fault(lambda: never.wait(60), within_s=0.0)
    never.set()
    assert reason == "importing it takes longer than 1 s"


@pytest.mark.parametrize("name", ["Scale", "scale_1", "-scale", ""])
def test_a_name_is_one_that_a_table_of_the_config_can_have(name: str) -> None:
    assert fault(lambda: adding("weigh"), name) == "its name must be lower-case letters, digits and '-'"


def test_the_core_s_own_table_is_nobody_else_s() -> None:
    assert fault(lambda: adding("weigh"), "accounts") == "its name is that of a table of the core's own config"


def test_a_name_that_two_distributions_claim_is_left_out() -> None:
    extensions = Extensions([entry("scale", lambda: adding("weigh"), dist) for dist in ("coffers-two", "coffers-one")])
    [one] = extensions.installed
    assert one.fault == "the name is claimed by coffers-one and coffers-two; uninstall all but one of them"
    assert not extensions.commands


def test_one_object_cannot_be_two_extensions() -> None:
    plugin = adding("weigh")
    extensions = Extensions(given={"one": plugin, "two": plugin}, entries=[])
    assert [bool(one.fault) for one in extensions.installed] == [False, True]
    assert list(extensions.commands) == ["weigh"]


def test_a_command_that_is_taken_is_refused_with_both_named() -> None:
    extensions = Extensions([entry("scale", lambda: adding("balances", "weigh"))], taken={"balances": ""})
    assert extensions.faults == (
        "the command 'balances' of the extension 'scale' (coffers-scale 1.0) is left out: it is one of coffers' own",
    )
    assert list(extensions.commands) == ["weigh"]


def test_a_command_that_two_add_is_refused_with_both_named() -> None:
    extensions = Extensions([entry("b", lambda: adding("weigh", "b")), entry("a", lambda: adding("weigh"))])
    assert extensions.faults == (
        "the command 'weigh' is left out: the extension 'a' (coffers-a 1.0) and the extension 'b' (coffers-b 1.0) both "
        "add it; uninstall one of them",
    )
    assert list(extensions.commands) == ["b"]


@pytest.mark.parametrize("line", ["", "  ", "two\nlines", "x" * 71, 7])
def test_a_command_has_a_line_of_help(line: Any) -> None:
    with pytest.raises(ValueError, match="help: must be one line"):
        ExtraCommand(line, "coffers_acme.weigh:command")


@pytest.mark.parametrize("place", ["", "coffers_acme", "coffers_acme:", "coffers acme:command", ".a:b", "a:b.c", 7])
def test_a_command_says_where_it_is(place: Any) -> None:
    with pytest.raises(ValueError, match="at: must say where the click command is"):
        ExtraCommand("Weigh every account.", place)


# --- installed -----------------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The extension `scale`, installed."""
    info = tmp_path / "coffers_scale-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coffers-scale\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[coffers.extensions]\nscale = coffers_scale\n[coffers.providers]\nheavy = coffers_heavy\n"
    )
    (tmp_path / "coffers_scale.py").write_text(
        "from coffers.extensions import ExtraCommand, hookimpl\n"
        "@hookimpl\n"
        "def coffers_register_commands():\n"
        "    return {'weigh': ExtraCommand('Weigh every account.', 'coffers_scale_weigh:command')}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("coffers_scale", None)


@pytest.mark.usefixtures("site")
def test_one_look_at_the_metadata_finds_providers_and_extensions() -> None:
    registry = Registry()
    assert "scale" in [found.name for found in registry.extensions()]
    assert "heavy" in [found.id for found in registry.list()]
    assert "scale" not in [found.id for found in registry.list()]
    assert "coffers_scale" not in sys.modules
    assert [found.name for found in installed()] == [found.name for found in registry.extensions()]


@pytest.mark.usefixtures("site")
def test_what_is_installed_is_loaded_where_nothing_else_is_said() -> None:
    extensions = Extensions()
    assert ("scale", "coffers-scale", "1.2") in [(one.name, one.dist, one.version) for one in extensions.installed]
    assert extensions.commands["weigh"].at == "coffers_scale_weigh:command"
    assert "coffers_scale_weigh" not in sys.modules


def test_a_registry_of_given_plugins_alone_knows_no_extension() -> None:
    assert Registry([toy.plugin()], installed=False).extensions() == ()


def test_an_extension_that_adds_commands_imports_no_value_of_the_core(site: Path) -> None:
    code = "import sys, coffers.extensions\ncoffers.extensions.Extensions()\nprint(*sys.modules)"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environ["PYTHONPATH"] = str(site)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    modules = set(run.stdout.split())
    assert "coffers_scale" in modules
    assert not modules & {"coffers.observing", "coffers.models", "coffers.registry", "coffers.client", "logging"}


def test_the_door_has_no_other_names() -> None:
    assert {name for name in door.__all__ if getattr(door, name) is None} == set()
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = door.nothing

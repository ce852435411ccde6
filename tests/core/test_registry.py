"""The registry: lazy, one provider at a time, every fault named."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pluggy
import pytest

from coffers import PluginError, Registry
from coffers import registry as registry_module
from coffers.plugin import Attempt, Query, Request, Secret, hookimpl
from tests.core import toy

GOOD = """
from tests.core import toy
plugin = toy.plugin({id!r})
coffers_provider, coffers_request = plugin.coffers_provider, plugin.coffers_request
coffers_sign, coffers_parse = plugin.coffers_sign, plugin.coffers_parse
"""

MUTE = """
class MuteError(Exception):
    def __str__(self):
        raise ValueError
raise MuteError
"""

WAITING = """
import tests.core.toy
tests.core.toy.waiting.wait(20)
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a real distribution (metadata and module) where Python finds it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(dist: str, entries: dict[str, str], modules: dict[str, str]) -> None:
        info = tmp_path / f"{dist.replace('-', '_')}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2.3\n")
        lines = "".join(f"{name} = {value}\n" for name, value in entries.items())
        (info / "entry_points.txt").write_text(f"[coffers.providers]\n{lines}")
        for name, source in modules.items():
            (tmp_path / f"{name}.py").write_text(source)
            monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.invalidate_caches()

    return install


def reason(provider_id: str) -> str:
    with pytest.raises(PluginError) as caught:
        Registry().load(provider_id)
    assert caught.value.provider == provider_id
    return caught.value.message


def test_listing_reads_metadata_and_imports_nothing(install: Install) -> None:
    install("acme-plugin", {"acme": "acme_explodes"}, {"acme_explodes": "raise SystemExit('imported')"})
    registry = Registry()
    [found] = [installed for installed in registry.list() if installed.id == "acme"]
    assert (found.dist, found.version, found.value, found.rivals) == ("acme-plugin", "1.2.3", "acme_explodes", ())
    assert "acme_explodes" not in sys.modules


def test_an_installed_provider_is_loaded_once_with_its_dist(install: Install) -> None:
    install("acme-plugin", {"acme": "acme_good"}, {"acme_good": GOOD.format(id="acme")})
    registry = Registry()
    loaded = registry.load("acme")
    assert registry.load("acme") is loaded
    assert (loaded.manifest.id, loaded.dist, loaded.version) == ("acme", "acme-plugin", "1.2.3")
    assert list(loaded.fields) == ["key"]
    request = loaded.request(Query(None))
    signed = loaded.sign(request, toy.ByKey(Secret("k" * 9)), Attempt(1, 2))
    assert (request.target, signed.method) == ("/balances", "GET")


def test_one_distribution_may_register_several(install: Install) -> None:
    install(
        "acme-plugin",
        {"acme": "acme_a", "acme-text": "acme_b"},
        {"acme_a": GOOD.format(id="acme"), "acme_b": GOOD.format(id="acme-text")},
    )
    registry = Registry()
    assert [registry.load(name).manifest.id for name in ("acme", "acme-text")] == ["acme", "acme-text"]


def test_a_name_claimed_by_two_distributions_is_refused_naming_both(install: Install) -> None:
    install("acme-plugin", {"acme": "acme_good"}, {"acme_good": GOOD.format(id="acme")})
    install("other-plugin", {"acme": "other_good"}, {"other_good": GOOD.format(id="acme")})
    assert reason("acme") == "'acme' is claimed by acme-plugin and other-plugin; uninstall all but one of them"
    [listed] = [installed for installed in Registry().list() if installed.id == "acme"]
    assert listed.rivals == ("acme-plugin", "other-plugin")


def test_a_missing_provider_says_what_to_install() -> None:
    assert "pip install coffers-acme" in reason("acme")
    # A dist of several providers has the name they share.
    assert "pip install coffers-acme-v2 (or coffers-acme)" in reason("acme-v2")
    assert "pip install" not in reason("../Evil Name")


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(PluginError, match="did you mean 'acme'"):
        Registry([toy.plugin("acme")], installed=False).load("acmee")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import module_that_is_not_there", "ModuleNotFoundError: No module named 'module_that_is_not_there'"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise RuntimeError", "is broken: RuntimeError"),
        (MUTE, "is broken: MuteError"),
        ("raise RuntimeError('two\\nlines')", "RuntimeError: two lines"),
        (GOOD.format(id="other"), "its manifest's id is 'other', its entry point's name 'acme'"),
        ("", "the hook coffers_provider is missing"),
    ],
)
def test_a_broken_plugin_is_named_with_its_reason(install: Install, source: str, expected: str) -> None:
    install("acme-plugin", {"acme": "acme_bad"}, {"acme_bad": source})
    message = reason("acme")
    assert message.startswith("the plugin acme-plugin 1.2.3 is broken: ")
    assert expected in message


def test_a_broken_plugin_does_not_stop_another_and_is_not_tried_again(install: Install) -> None:
    install(
        "bad-plugin",
        {"bad": "acme_counted"},
        {"acme_counted": "import tests.core.toy as t\nt.runs = getattr(t, 'runs', 0) + 1\n1 / 0"},
    )
    install("acme-plugin", {"acme": "acme_good"}, {"acme_good": GOOD.format(id="acme")})
    registry = Registry()
    for _ in range(3):
        with pytest.raises(PluginError, match="ZeroDivisionError"):
            registry.load("bad")
    assert registry.load("acme").manifest.id == "acme"
    assert vars(toy).pop("runs") == 1


def test_an_import_that_waits_holds_up_no_other_and_is_told_at_once_from_then_on(install: Install) -> None:
    install("slow-plugin", {"slow": "acme_waits"}, {"acme_waits": WAITING + GOOD.format(id="slow")})
    install("acme-plugin", {"acme": "acme_good"}, {"acme_good": GOOD.format(id="acme")})
    vars(toy)["waiting"] = threading.Event()
    registry = Registry(load_within_s=1.5)
    text = "the plugin slow-plugin 1.2.3 is broken: importing it takes longer than "
    with ThreadPoolExecutor() as pool:
        failing = [pool.submit(registry.load, "slow") for _ in range(3)]
        assert registry.load("acme").manifest.id == "acme"
        assert not any(load.done() for load in failing)
        started = time.monotonic()
        with pytest.raises(PluginError, match=f"^{text}0.05 s$"):
            registry.load("slow", within_s=0.05)
        assert {str(load.exception()) for load in failing} == {f"{text}1.5 s"}
        assert time.monotonic() - started < 10
        started = time.monotonic()
        with pytest.raises(PluginError, match=f"^{text}1.5 s$"):
            registry.load("slow")
        assert time.monotonic() - started < 1
    # It has ended meanwhile, and is as good as any other.
    vars(toy).pop("waiting").set()
    loaded = None
    while loaded is None:
        with contextlib.suppress(PluginError):
            loaded = registry.load("slow")
    assert loaded is registry.load("slow")


def test_an_endless_loop_at_import_is_ended(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "_ENDED_AFTER", 1)
    install("acme-plugin", {"acme": "acme_loops"}, {"acme_loops": "while True: pass"})
    others = set(threading.enumerate())
    registry = Registry(load_within_s=0.05)
    for _ in range(2):
        with pytest.raises(PluginError, match=r"is broken: importing it takes longer than 0\.05 s"):
            registry.load("acme")
    deadline = time.monotonic() + 20
    while any(thread.name == "coffers-import-acme" for thread in set(threading.enumerate()) - others):
        assert time.monotonic() < deadline, "the loop goes on"
        time.sleep(0.01)
    with pytest.raises(PluginError, match=r"is broken: importing it takes longer than 0\.05 s"):
        registry.load("acme")
    assert "acme_loops" not in sys.modules


def test_a_loop_in_the_manifest_of_a_plugin_passed_in_code_is_ended() -> None:
    def coffers_provider() -> object:
        while True:
            pass

    marked = pluggy.HookimplMarker("coffers")(coffers_provider)
    with pytest.raises(PluginError, match=r"a plugin passed in code takes longer than 0\.05 s"):
        Registry([replaced(coffers_provider=marked)], installed=False, load_within_s=0.05)


def test_ctrl_c_during_an_import_is_not_swallowed(install: Install) -> None:
    install("acme-plugin", {"acme": "acme_ctrl_c"}, {"acme_ctrl_c": "raise KeyboardInterrupt"})
    registry = Registry()
    for _ in range(2):  # nor is it kept for an answer
        with pytest.raises(KeyboardInterrupt):
            registry.load("acme")


# --- plugins passed in code, and every check on one ----------------------------------------------------------------


def refused(plugin: object) -> str:
    with pytest.raises(PluginError) as caught:
        Registry([plugin], installed=False)
    return caught.value.message


def replaced(**verbs: object) -> SimpleNamespace:
    plugin = toy.plugin()
    for name, verb in verbs.items():
        setattr(plugin, name, verb)
    return plugin


def test_a_plugin_passed_in_code_needs_no_entry_point() -> None:
    registry = Registry([toy.plugin("acme")], installed=False)
    assert [(found.id, found.dist) for found in registry.list()] == [("acme", "")]
    assert registry.load("acme").manifest.title == "Toy"


def test_two_plugins_in_code_with_one_id_are_refused() -> None:
    with pytest.raises(PluginError, match="two plugins passed in code have the id 'acme'"):
        Registry([toy.plugin("acme"), toy.plugin("acme")], installed=False)


@pytest.mark.parametrize("verb", ["coffers_provider", "coffers_request", "coffers_sign", "coffers_parse"])
def test_every_hook_is_required(verb: str) -> None:
    plugin = toy.plugin()
    delattr(plugin, verb)
    assert f"the hook {verb} is missing" in refused(plugin)


def test_an_unmarked_function_is_no_hook() -> None:
    assert "the hook coffers_parse is missing" in refused(replaced(coffers_parse=toy.parse))


def test_a_misspelt_hook_is_named() -> None:
    def coffers_sgin(request: Request, credentials: object, attempt: Attempt) -> object:
        return request.seal()

    assert "coffers_sgin" in refused(replaced(coffers_sgin=hookimpl(coffers_sgin)))  # type: ignore[type-var]  # wrong on purpose


def test_a_wrapper_is_refused() -> None:
    def coffers_request(query: object) -> object:
        return (yield)

    marked = pluggy.HookimplMarker("coffers")(wrapper=True)(coffers_request)
    assert "coffers_request is a wrapper" in refused(replaced(coffers_request=marked))


def test_parameters_must_be_exactly_the_specs() -> None:
    def dropped(response: object) -> object:
        return response

    def defaulted(response: object, query: object = None) -> object:
        return response

    def keyword_only(*, response: object, query: object) -> object:
        return response

    def swapped(query: object, response: object) -> object:
        return response

    for wrong in (dropped, defaulted, keyword_only, swapped):
        wrong.__name__ = "coffers_parse"
        marked = pluggy.HookimplMarker("coffers")(wrong)
        assert "coffers_parse" in refused(replaced(coffers_parse=marked)), wrong


def test_an_unknown_parameter_is_refused() -> None:
    def coffers_parse(response: object, query: object, extra: object) -> object:
        return response

    assert "extra" in refused(replaced(coffers_parse=pluggy.HookimplMarker("coffers")(coffers_parse)))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"contract": 2}, "written for hook contract 2"),
        ({"id": "Bad Id"}, "raised ValueError: id:"),
        ({"base_urls": {}}, "raised ValueError: base_urls:"),
        ({"title": None}, "raised TypeError: title: must be a text of at most 2000 characters"),
        ({"permission": 7}, "raised TypeError: permission: must be a text"),
        ({"docs": "x" * 2001}, "raised TypeError: docs: must be a text"),
        ({"base_urls": ["https://api.toy.example"]}, "raised TypeError: base_urls: must be a mapping"),
        (
            {"base_urls": {str(n): "https://x.example" for n in range(101)}},
            "base_urls: must be a mapping of at most 100",
        ),
        ({"base_urls": {"api": 5}}, "raised TypeError: base_urls: must map texts to texts"),
        ({"base_urls": {5: "https://x.example"}}, "raised TypeError: base_urls: must map texts to texts"),
        ({"token_step": 5}, "raised TypeError: token_step: must be a text or None"),
    ],
)
def test_a_wrong_manifest_is_refused(facts: dict[str, object], expected: str) -> None:
    assert expected in refused(toy.plugin(**facts))


def test_a_manifest_of_another_type_is_refused() -> None:
    def coffers_provider() -> object:
        return {"id": "toy"}

    assert "must answer a Provider, not dict" in refused(
        replaced(coffers_provider=pluggy.HookimplMarker("coffers")(coffers_provider))
    )


@pytest.mark.parametrize("raised", [SystemExit("made up"), BaseException("made up")])
def test_a_manifest_cannot_make_the_program_leave(raised: BaseException) -> None:
    def coffers_provider() -> object:
        raise raised

    assert f"raised {type(raised).__name__}: made up" in refused(
        replaced(coffers_provider=pluggy.HookimplMarker("coffers")(coffers_provider))
    )


def test_ctrl_c_in_a_manifest_is_not_swallowed() -> None:
    def coffers_provider() -> object:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Registry([replaced(coffers_provider=pluggy.HookimplMarker("coffers")(coffers_provider))], installed=False)


def test_a_coffers_error_from_the_manifest_is_told() -> None:
    def coffers_provider() -> object:
        raise PluginError("needs a newer moon")

    assert "raised PluginError: needs a newer moon" in refused(
        replaced(coffers_provider=pluggy.HookimplMarker("coffers")(coffers_provider))
    )


def test_two_implementations_of_a_hook_are_refused() -> None:
    doubled = pluggy.HookimplMarker("coffers")(specname="coffers_parse")

    def other(response: object, query: object) -> object:
        return response

    assert "coffers_parse has 2 implementations" in refused(replaced(other=doubled(other)))

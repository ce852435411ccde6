"""`coffers doctor PLUGIN`: the words for what is wrong inside a plugin: its import, its hooks, its manifest."""

from __future__ import annotations

import inspect

import pytest

from coffers import hookspecs
from coffers.cli.diagnosis.hooks import PARAMETERS
from coffers.cli.diagnosis.places import place_running

from .plugin_site import GOOD, INIT, Site, site

__all__ = ["site"]  # the fixture

# --- the import ----------------------------------------------------------------------------------------------------


def test_an_entry_point_to_a_module_that_is_not_there(site: Site) -> None:
    info = site.dist(points="[coffers.providers]\nacme = coffers_acne\n")
    remedy = "in pyproject.toml mend the line acme = ..., or let the wheel hold the package; install again"
    assert site.only() == f"the entry point names the module coffers_acne, which is not there -> {remedy}"
    site.write(INIT, GOOD)
    (info / "RECORD").write_text(f"{INIT},,\n")
    found = site.only()
    assert found == (
        f"the entry point names the module coffers_acne, which is not there; there is coffers_acme -> {remedy}"
    )


def test_an_entry_point_to_an_attribute_that_is_not_there(site: Site) -> None:
    site.plugin(points="[coffers.providers]\nacme = coffers_acme:ByKez.x\n")
    assert site.only() == (
        "the entry point names coffers_acme:ByKez.x, and coffers_acme has no ByKez; it has ByKey -> "
        "in pyproject.toml mend the line acme = ..., or name the module alone; install again"
    )


def test_an_attribute_of_an_attribute(site: Site) -> None:
    site.plugin(points="[coffers.providers]\nacme = coffers_acme:ByKey.qqq\n")
    assert "and coffers_acme.ByKey has no qqq ->" in site.only()


IMPORTS = [
    ("import nosuch_sdk.client",
     "it imports nosuch_sdk, which is not installed -> pip install nosuch_sdk; "
     "the plugin's author adds it to the dependencies in pyproject.toml"),
    ("import declared_sdk", "it imports declared_sdk, which is not installed -> pip install declared_sdk"),
    ("from coffers_acme.sing import x",
     "it imports its own module coffers_acme.sing, which is not there; there is coffers_acme.sign -> "
     "mend the import, or let the wheel hold that file; install again"),
    ("from coffers_acme import qqq",
     "it imports qqq from coffers_acme while coffers_acme itself is still being imported -> "
     "two of its files import each other; move what both need into a third"),
    ("from coffers_acme.sign import qqq",
     "it imports qqq from coffers_acme.sign, which has no such name -> "
     "mend the import, or define qqq in coffers_acme.sign"),
    ("import coffers.plugins",
     "it imports coffers.plugins, which this coffers does not have -> "
     "import from coffers.plugin alone; or it is made for a newer coffers: pip install --upgrade coffers"),
    ("from coffers.plugin import Balances",
     "it imports Balances from coffers.plugin, which has no such name -> "
     "did you mean Balance? else the plugin may be made for a newer coffers: pip install --upgrade coffers"),
    ("from coffers.plugin import qqq",
     "it imports qqq from coffers.plugin, which has no such name -> "
     "the plugin may be made for a newer coffers: pip install --upgrade coffers"),
    ("from coffers.models import Balanze",
     "it imports Balanze from coffers.models, which has no such name -> a plugin imports from coffers.plugin alone"),
    ("from json import parse",
     "it imports parse from json, which has no such name -> "
     "another version of json has it; see which one the plugin needs"),
    ("import sys; sys.exit('sesame')",
     "it ends the program at import (SystemExit) -> a plugin never calls sys.exit() or exit(); put what is meant for "
     'the command line below if __name__ == "__main__":'),
    ("purse = 'sesame'; raise RuntimeError('no\\nmoney')",
     "it raises at import: RuntimeError: no money -> "
     "mend that line; at import a plugin only defines its classes and functions"),
    ("raise KeyboardInterrupt",
     "it raises at import: KeyboardInterrupt -> "
     "mend that line; at import a plugin only defines its classes and functions"),
    ("raise ImportError",
     "it raises at import: ImportError -> "
     "mend that line; at import a plugin only defines its classes and functions"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "words"), IMPORTS)
def test_what_an_import_raises(site: Site, line: str, words: str) -> None:
    site.plugin(f"import attrs\n{line}\n", headers="Requires-Dist: declared_sdk; extra == 'x'\n")
    site.write("coffers_acme/sign.py", "")
    assert site.only() == f"{INIT}:2: {words}"
    assert "sesame" not in site.doctor().out


def test_the_place_is_the_plugins_own_line(site: Site) -> None:
    site.plugin("\n\nfrom . import deep\n")
    site.write("coffers_acme/deep.py", "import json\njson.loads('{')\n")
    assert site.only().startswith(
        "coffers_acme/deep.py:2: it raises at import: JSONDecodeError: Expecting property name"
    )


def test_an_import_of_a_known_module_names_its_distribution(site: Site) -> None:
    site.plugin("import nacl.signing\n")
    assert "it imports nacl, which is not installed -> pip install PyNaCl; " in site.only()


def test_python_cannot_read_it(site: Site) -> None:
    site.plugin("from . import sign\n")
    site.write("coffers_acme/sign.py", "x = 1\ndef sesame(:\n")
    assert site.only() == (
        "coffers_acme/sign.py:2: Python cannot read it: invalid syntax -> "
        "mend that line or the one above it; if it is right for a newer Python, run coffers with that"
    )


def test_a_syntax_error_that_names_no_file(site: Site) -> None:
    site.plugin("raise SyntaxError\n")
    assert site.only().startswith("coffers_acme: Python cannot read it: SyntaxError -> ")


ONCE = """
import pathlib, time
mark = pathlib.Path(__file__).with_name("under-way")
def once():
    if not mark.exists():
        mark.touch()
        raise RuntimeError("the first time")
    while mark.exists(): time.sleep(0.01)
"""
DO_NO_WORK = "do no work at import or in coffers_provider: no network, no waiting, no loop that may not end"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            ("import attrs", f"{ONCE}\nonce()\nimport attrs"),
            f"{INIT}:9: importing coffers_acme had not ended after 0.3 s",
        ),
        (("@attrs.frozen", f"{ONCE}\n@attrs.frozen"), f"{INIT}:12: coffers_provider had not ended after 0.3 s"),
    ],
)
def test_what_does_not_end_the_second_time(
    site: Site, monkeypatch: pytest.MonkeyPatch, call: tuple[str, str], words: str
) -> None:
    monkeypatch.setattr("coffers.cli.diagnosis.imports.PATIENCE_S", 0.3)
    site.changed(("    return Provider(", "    globals().get('once', print)()\n    return Provider("), call)
    try:
        assert site.only() == f"{words} -> {DO_NO_WORK}"
    finally:
        (site.folder / "coffers_acme/under-way").unlink()


def test_what_does_not_end_at_all(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coffers.cli.diagnosis._FIRST_PATIENCE_S", 0.3)
    site.changed(("import attrs", f"{ONCE}\nmark.touch()\nonce()\nimport attrs"))
    try:
        assert site.only() == f"{INIT}:9: loading it had not ended after 0.3 s -> {DO_NO_WORK}"
    finally:
        (site.folder / "coffers_acme/under-way").unlink()


def test_a_thread_that_the_plugin_left_running_is_not_its_import(site: Site) -> None:
    thread = "import threading\nmark.touch()\nthreading.Thread(target=once, daemon=True).start()\nraise OSError\n"
    site.changed(("import attrs", ONCE + thread))
    try:
        assert site.only().startswith(f"{INIT}:13: it raises at import: OSError -> ")
        assert place_running("coffers_acme") == ""
    finally:
        (site.folder / "coffers_acme/under-way").unlink()


def test_a_plugin_that_fails_only_the_first_time(site: Site) -> None:
    site.changed(("import attrs", ONCE.replace("while mark.exists(): time.sleep(0.01)", "") + "\nonce()\nimport attrs"))
    assert site.only() == (
        "the plugin coffers-acme 0.1 is broken: RuntimeError: the first time -> "
        "run this once more; a plugin must load the same way every time"
    )


# --- the hooks -----------------------------------------------------------------------------------------------------

MARK = "@hookimpl\ndef coffers_sign"
SIGN = "def coffers_sign(request, credentials, attempt)"
NEEDED = f"these are needed, and no others: {SIGN}"
HOOKS = [
    ((MARK, "def coffers_sign"),
     f"{INIT}:18: coffers_sign is there, and is not marked -> "
     "write @hookimpl above it; from coffers.plugin import hookimpl"),
    ((MARK, "import pluggy\n@pluggy.HookimplMarker('llm')\ndef coffers_sign"),
     f"{INIT}:19: coffers_sign is marked as a hook of llm, not of coffers -> "
     "take the marker of coffers: from coffers.plugin import hookimpl"),
    ((MARK, "@hookimpl\ndef coffers_singn"),
     f"the hook coffers_sign is missing; {INIT}:18: there is coffers_singn -> rename it to coffers_sign"),
    ((MARK, "coffers_signs = 3\ndef other"),
     "the hook coffers_sign is missing; there is coffers_signs -> rename it to coffers_sign"),
    ((MARK, "def other"),
     f"the hook coffers_sign is missing -> write @hookimpl and below it: {SIGN}; from coffers.plugin import hookimpl"),
    ((MARK, "coffers_sign = 3\ndef other"),
     f"coffers_sign is no function but int -> write it as a function: {SIGN}"),
    ((SIGN, "def coffers_sign(request, credentials: ByKey)"),
     f"{INIT}:18: coffers_sign has the parameters (request, credentials) -> {NEEDED}"),
    ((SIGN, "def coffers_sign(request, credentials, attempt, more=1)"),
     f"{INIT}:18: coffers_sign has the parameters (request, credentials, attempt, more) -> {NEEDED}"),
    ((SIGN, "def coffers_sign(request, credentials, attempt=None)"),
     f"{INIT}:18: coffers_sign has a default for attempt -> write it without a default: {SIGN}"),
    ((SIGN, "def coffers_sign(request, /, credentials, attempt)"),
     f"{INIT}:18: coffers_sign has parameters of a special kind (*, /) -> write them plainly: {SIGN}"),
    ((MARK, "@hookimpl(wrapper=True)\ndef coffers_sign"),
     f"{INIT}:18: coffers_sign is a wrapper -> write @hookimpl without wrapper=True or hookwrapper=True"),
    ((SIGN, f"async {SIGN}"),
     f"{INIT}:18: coffers_sign is async -> make it a plain function that returns its answer; the core does the I/O"),
    (("    return request.seal", "    yield request.seal"),
     f"{INIT}:18: coffers_sign is a generator -> "
     "make it a plain function that returns its answer; the core does the I/O"),
    ((MARK, "@hookimpl(specname='coffers_sign')\ndef again(request, credentials, attempt):\n    pass\n" + MARK),
     f"the hook coffers_sign is implemented 2 times: {INIT}:18 and {INIT}:21 -> leave one of them"),
    ((MARK, "@hookimpl\ndef coffers_signs(request):\n    pass\n" + MARK),
     f"{INIT}:18: coffers_signs is marked with @hookimpl and is no hook; coffers_sign is one -> "
     "remove the mark; other functions need none"),
    ((MARK, "@hookimpl\ndef other(request):\n    pass\n" + MARK),
     f"{INIT}:18: other is marked with @hookimpl and is no hook -> remove the mark; other functions need none"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), HOOKS)
def test_what_is_wrong_with_a_hook(site: Site, change: tuple[str, str], words: str) -> None:
    site.changed(change)
    assert site.only() == words


def test_a_hook_in_a_file_that_nobody_imports(site: Site) -> None:
    site.changed((MARK, "def other"))
    site.write("coffers_acme/broken.py", "def (")
    site.write("coffers_acme/sign.py", f"{SIGN}: ...")
    assert site.only() == (
        "the hook coffers_sign is written at coffers_acme/sign.py:1, and coffers_acme does not hold it -> "
        "import coffers_sign in the module that the entry point names"
    )


@pytest.mark.parametrize(
    ("target", "more", "words"),
    [
        ("coffers_acme:Plugin", "class Plugin: ...",
         "the entry point names coffers_acme:Plugin, which is a class -> "
         "name the module that holds the four functions, or an instance of the class"),
        ("coffers_acme:it", "it = coffers_provider()",
         "the entry point names coffers_acme:it, which is a manifest -> "
         'name the module that holds the four functions: acme = "coffers_acme"'),
        ("coffers_acme:it", "it = {}",
         "the entry point names coffers_acme:it, which is of the class dict with none of the four hooks; "
         "coffers_provider is at coffers_acme/__init__.py:10 -> let it name the module that holds or imports "
         "coffers_provider, coffers_request, coffers_sign, coffers_parse"),
        ("coffers_acme.empty", "",
         "the entry point names coffers_acme.empty, which is a module with none of the four hooks; "
         "coffers_provider is at coffers_acme/__init__.py:10 -> let it name the module that holds or imports "
         "coffers_provider, coffers_request, coffers_sign, coffers_parse"),
    ],
)  # fmt: skip
def test_an_entry_point_to_the_wrong_thing(site: Site, target: str, more: str, words: str) -> None:
    site.plugin(GOOD + more, points=f"[coffers.providers]\nacme = {target}\n")
    site.write("coffers_acme/empty.py", "")
    assert site.only() == words


def test_an_entry_point_to_a_module_of_another_owner(site: Site) -> None:
    site.dist(points="[coffers.providers]\nacme = sys\n")
    assert site.only() == (
        "the entry point names sys, which is a module with none of the four hooks -> let it name the module that "
        "holds or imports coffers_provider, coffers_request, coffers_sign, coffers_parse"
    )


def test_the_parameters_are_those_of_the_hookspecs() -> None:
    hooks = [name for name in hookspecs.__all__ if name.startswith("coffers_")]
    promised = {name: tuple(inspect.signature(getattr(hookspecs, name)).parameters) for name in hooks}
    assert promised == PARAMETERS


# --- the manifest --------------------------------------------------------------------------------------------------

PART = "mend that part of Provider(...) or of the class it names"
MANIFESTS = [
    (('id="acme", title', 'contract=2, id="acme", title'),
     f"{INIT}:9: it is written for hook contract 2, and this coffers speaks 1 -> "
     "coffers is the older one: pip install --upgrade coffers"),
    (('id="acme", title', 'contract=0, id="acme", title'),
     f"{INIT}:9: it is written for hook contract 0, and this coffers speaks 1 -> "
     "the plugin is the older one: pip install --upgrade coffers-acme"),
    (('id="acme", title', 'id="acne", title'),
     f"{INIT}:9: the manifest's id is 'acne', and the entry point is named 'acme' -> "
     "make them equal: the id in Provider(...), or the name in pyproject.toml and install again"),
    (("key: Secret", "timeout: Secret"),
     f"{INIT}:11: coffers_provider raises ValueError: ByKey.timeout: this key is reserved -> {PART}"),
    (("@attrs.frozen", "@attrs.define"),
     f"{INIT}:11: coffers_provider raises TypeError: ByKey is not a frozen attrs class -> {PART}"),
    (('{"api": "https:', '{"api": "http:'),
     f"{INIT}:11: coffers_provider raises ValueError: base_urls['api'] must be https; plain http is allowed to a "
     f"loopback address only -> {PART}"),
    (("    return Provider(", "    1 / 0\n    return Provider("),
     f"{INIT}:11: coffers_provider raises ZeroDivisionError: division by zero -> "
     "let it only build its Provider(...)"),
    (("    return Provider(", "    raise coffers.plugin.ConfigError('no')\n    return Provider("),
     f"{INIT}:11: coffers_provider raises no -> {PART}"),
    (("    return Provider(", "    return dict("),
     f"{INIT}:9: coffers_provider answers dict -> let it return a Provider(...)"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), MANIFESTS)
def test_what_is_wrong_with_the_manifest(site: Site, change: tuple[str, str], words: str) -> None:
    site.changed(("import attrs", "import attrs, coffers.plugin"), change)
    assert site.only() == words

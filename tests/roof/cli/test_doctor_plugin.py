"""`coffers doctor PLUGIN`: a working plugin, its name, its needs, its sandbox part."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from .conftest import process
from .plugin_site import GOOD, POINTS, WITH_PART, Cli, Site, site

__all__ = ["site"]  # the fixture


# --- a working plugin ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["acme", "ACME", "coffers-acme", "coffers_acme", "Coffers.Acme"])
def test_a_working_plugin_is_told_by_any_of_its_names(site: Site, name: str) -> None:
    site.plugin(points=WITH_PART)
    site.write("coffers_acme/vectors/acme/success/query.json", "{}")
    result = site.doctor(name)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    took = lines.pop(5)
    assert took.startswith("  ok    imported in ")
    assert took.endswith(" ms")
    assert lines == [
        "Distribution coffers-acme",
        "  ok    coffers-acme 0.1 is installed",
        "",
        "Provider acme",
        "  ok    entry point acme = coffers_acme",
        "  ok    hooks: coffers_provider, coffers_request, coffers_sign, coffers_parse",
        "  ok    manifest: Acme, for hook contract 1",
        "  ok    hosts: https://api.acme.example",
        "  ok    config keys: key (secret)",
        "  ok    permission of the key: read only",
        "  ok    sandbox part coffers_acme:part",
        "  ok    recorded vectors: 1",
    ]


def test_a_module_name_that_is_not_like_the_distribution_will_do(site: Site) -> None:
    site.dist("money-of-acme", points="[coffers.providers]\nacme = acme_plugin.main\n")
    site.write("acme_plugin/__init__.py", "")
    site.write("acme_plugin/main.py", GOOD)
    for name in ("acme_plugin", "acme_plugin.main", "money_of_acme"):
        assert "ok    manifest: Acme" in site.doctor(name).out


def test_what_is_only_worth_knowing_is_a_note(site: Site) -> None:
    site.changed(
        (', credentials=(ByKey,), permission="read only"', ""),
        ("part = ", "@hookimpl\ndef coffers_parse(response, query):\n    return Snapshot([])\n\npart = "),
    )
    result = site.doctor()
    assert result.code == 0
    for line in (
        "  ok    config keys: none",
        "  note  coffers_acme/__init__.py defines coffers_parse 2 times, on lines 23, 27",
        "        -> the last one counts; remove the others",
        "  note  it does not say which permission a key needs",
        '        -> write Provider(permission="...", ...)',
        "  note  no sandbox part: coffers demo leaves this provider out",
        '        -> write a SandboxProvider and name it below [project.entry-points."coffers.sandboxes"]',
        "  note  recorded vectors: none",
        "        -> keep one folder for each documented answer in vectors/acme/",
    ):
        assert line in result.out.splitlines()


def test_a_slow_import_is_a_note(site: Site) -> None:
    site.changed(("import attrs", "import attrs, time\ntime.sleep(1.05)"))
    result = site.doctor()
    assert result.code == 0
    assert (
        "ms; every command that uses it waits as long\n        -> import what is slow where it is needed" in result.out
    )


def test_one_distribution_of_several_providers_is_told_provider_by_provider(site: Site) -> None:
    site.plugin(points="[coffers.providers]\nacme = coffers_acme\nacme-old = coffers_acme.old\n")
    result = site.doctor("coffers-acme")
    assert result.code == 2
    assert result.out.index("Provider acme\n") < result.out.index("Provider acme-old\n")
    assert "Provider acme-old" not in site.doctor("acme").out


def test_what_a_plugin_prints_spoils_nothing(site: Site) -> None:
    site.changed(("import attrs", "import attrs\nprint('hello')"))
    result = process("doctor", "acme", env=os.environ | {"PYTHONPATH": str(site.folder)})
    assert (result.code, result.err) == (0, "hello\n")
    assert "hello" not in result.out


def test_a_plugin_and_a_config_are_two_questions(cli: Cli) -> None:
    result = cli("doctor", "acme", "--config", "x.toml")
    assert (result.code, result.out) == (2, "")
    assert "--config and PLUGIN cannot be given together." in result.err


# --- the name ------------------------------------------------------------------------------------------------------


def test_nothing_of_that_name(site: Site) -> None:
    nothing = "nothing named {!r} is installed: no provider, no distribution and no module -> {}"
    assert site.bad("zzz-pay") == [nothing.format("zzz-pay", "pip install coffers-zzz-pay")]
    assert site.bad("coffers_zzz") == [nothing.format("coffers_zzz", "pip install coffers-zzz")]
    assert site.bad("toybix") == [nothing.format("toybix", "did you mean toybox? else pip install coffers-toybix")]
    assert site.bad("coffers-toybix") == [
        nothing.format("coffers-toybix", "did you mean coffers-toybox? else pip install coffers-toybix")
    ]
    list_them = "write the id of a provider; coffers providers lists those that are installed"
    assert site.bad("zz; rm -r x") == [nothing.format("zz; rm -r x", list_them)]


def test_a_distribution_without_an_entry_point(site: Site) -> None:
    site.plugin(points="")
    for name in ("acme", "coffers-acme"):
        assert site.only(name) == (
            "coffers-acme is installed, and registers no provider -> if it is a plugin: in pyproject.toml, below "
            '[project.entry-points."coffers.providers"], write ID = "MODULE"; install again'
        )


@pytest.mark.parametrize("group", ["coffers.provider", "coffers", "coffers_providers"])
def test_an_entry_point_in_the_wrong_group(site: Site, group: str) -> None:
    site.plugin(points=f"[{group}]\nacme = coffers_acme\n")
    expected = (
        f"the entry point 'acme' stands in the group '{group}', where nobody looks for it -> in pyproject.toml write "
        '[project.entry-points."coffers.providers"], then install again: pip install -e .'
    )
    assert site.only("acme") == expected
    assert site.only("coffers_acme") == expected


def test_the_wrong_group_of_a_distribution_with_another_name(site: Site) -> None:
    site.dist("money-tools", points="[coffers.provider]\nacme = coffers_acme\n")
    assert "stands in the group 'coffers.provider'" in site.only("acme")


def test_a_module_that_was_never_installed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("coffers_acme.py", GOOD)
    monkeypatch.chdir(site.folder)
    assert site.only("coffers-acme") == (
        "the module coffers_acme can be imported (from ./coffers_acme.py), and no distribution registers it -> "
        "install its project, so that its entry point is known: pip install -e FOLDER_OF_ITS_PYPROJECT"
    )


def test_a_module_without_a_place_is_no_module(site: Site) -> None:
    assert "nothing named 'sys' is installed" in site.only("sys")
    sys.modules["made_by_hand"] = type(sys)("made_by_hand")
    try:
        assert "nothing named 'made_by_hand' is installed" in site.only("made_by_hand")
    finally:
        del sys.modules["made_by_hand"]


def test_an_id_that_two_distributions_claim(site: Site) -> None:
    site.plugin()
    site.dist("coffers-rival")
    assert site.only() == (
        "'acme' is claimed by coffers-acme and coffers-rival, so neither is used -> keep one: "
        "pip uninstall coffers-acme, or pip uninstall coffers-rival"
    )


def test_a_distribution_that_is_installed_twice(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.plugin()
    site.dist(version="0.2")
    monkeypatch.setenv("HOME", str(site.folder.parent))
    found = site.only()
    assert found.startswith("coffers-acme is installed 2 times: ")
    assert "0.1 in ~/plugins" in found
    assert "0.2 in ~/plugins" in found
    assert found.endswith(
        "-> remove all, then install one: pip uninstall coffers-acme && pip uninstall coffers-acme && "
        "pip install coffers-acme"
    )


def test_the_same_version_in_two_places_is_a_note(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.plugin()
    other = Site(tmp_path / "other", site.doctor)
    other.dist()
    monkeypatch.syspath_prepend(str(other.folder))
    result = site.doctor()
    assert result.code == 0
    assert "  note  coffers-acme is installed 2 times: 0.1 in " in result.out


def test_a_local_file_that_hides_the_plugin(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.plugin()
    here = tmp_path / "here"
    here.mkdir()
    (here / "coffers_acme.py").write_text("")
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.syspath_prepend(str(here))
    assert site.bad()[0] == (
        "coffers_acme is imported from ./coffers_acme.py, which hides what coffers-acme installed in ~/plugins -> "
        "rename or remove ./coffers_acme.py, or run coffers from another folder"
    )


def test_the_vectors_that_an_editable_install_leaves_are_hidden_by_nothing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.plugin()
    (tmp_path / "project").mkdir()
    (site.folder / "coffers_acme").rename(tmp_path / "project" / "coffers_acme")
    (site.folder / "coffers_acme" / "vectors" / "acme").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "project"))
    assert site.doctor().code == 0


# --- what it needs -------------------------------------------------------------------------------------------------


def test_what_a_distribution_needs_and_does_not_find(site: Site) -> None:
    headers = "Requires-Python: >=3.99\n" + "".join(
        f"Requires-Dist: {line}\n"
        for line in (
            "acme-sdk[fast]>=2,<3",
            "acme-signer (>=1)",
            "acme-bare",
            "coffers>=99.1",
            "attrs<20.0",
            "attrs!=99.0.0,>=20",
            "pluggy~=99.1",  # finer than is judged here
            "acme-extra>=2; extra == 'more'",
            "acme-old>=2; python_version < '3.9'",
            "???",
        )
    )
    site.plugin(headers=headers)
    python = ".".join(map(str, sys.version_info[:3]))
    found = site.bad()
    assert found[0] == (
        f"it needs Python >=3.99, and this is Python {python} -> run coffers with a Python that is >=3.99, or install "
        "a version of coffers-acme made for this one"
    )
    assert found[1:4] == [
        'it needs acme-sdk >=2,<3, which is not installed -> pip install "acme-sdk>=2,<3"',
        'it needs acme-signer >=1, which is not installed -> pip install "acme-signer>=1"',
        'it needs acme-bare, which is not installed -> pip install "acme-bare"',
    ]
    assert found[4].startswith("it needs coffers >=99.1, and ")
    assert found[4].endswith(" is installed -> pip install --upgrade coffers coffers-acme")
    assert found[5].startswith("it needs attrs <20.0, and ")
    assert len(found) == 6
    note = "  note  it needs acme-old >=2, which is not installed; that matters only where python_version < '3.9'"
    assert note in site.doctor().out.splitlines()


def test_versions_that_are_not_plain_are_left_to_the_installer(site: Site) -> None:
    site.plugin(headers="Requires-Python: >=3.11.0\nRequires-Dist: acme-sdk>=2\n")
    site.dist("acme-sdk", version="1.0rc1", points="")
    assert site.bad() == []


# --- the sandbox part ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "change", "words"),
    [
        ("coffers_acme:gone", ("", ""),
         "sandbox part: the entry point names coffers_acme:gone, and coffers_acme has no gone -> in pyproject.toml "
         "mend the line acme = ..., or name the module alone; install again"),
        ("coffers_acme.sandbox", ("", ""),
         "sandbox part: the entry point names the module coffers_acme.sandbox, which is not there -> in pyproject.toml "
         "mend the line acme = ..., or let the wheel hold the package; install again"),
        ("coffers_acme", ("", ""),
         "the sandbox part coffers_acme is no SandboxProvider but module -> "
         'name the object itself in pyproject.toml: "MODULE:NAME"'),
        ("coffers_acme:part", ('SandboxProvider(id="acme"', 'SandboxProvider(id="acne"'),
         "the sandbox part coffers_acme:part has the id 'acne', and its entry point is named 'acme' -> "
         'write SandboxProvider(id="acme", ...)'),
        ("coffers_acme:part", ('"1.50"', '"1,50"'),
         "its sandbox part's opening balance of EUR is not a plain decimal number as text -> "
         "mend it in coffers_acme:part; amounts and fields are texts"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_sandbox_part(site: Site, target: str, change: tuple[str, str], words: str) -> None:
    site.plugin(GOOD.replace(*change), points=f"{POINTS}[coffers.sandboxes]\nacme = {target}\n")
    assert site.only() == words


def test_a_sandbox_part_that_two_claim_and_one_of_nobody(site: Site) -> None:
    site.plugin(points=f"{WITH_PART}acne = coffers_acme:part\n")
    site.dist("coffers-rival", points="[coffers.sandboxes]\nacme = coffers_acme:part\n")
    assert site.bad() == [
        "the sandbox part 'acne' has the id of no provider of coffers-acme -> in pyproject.toml, below "
        "[project.entry-points.\"coffers.sandboxes\"], name it 'acme'; install again",
        "the sandbox part is claimed by coffers-acme and coffers-rival -> pip uninstall coffers-rival, or the other",
    ]

"""Nothing outside a plugin's folder names it: adding and removing a provider changes no other file.

An extension may be named in prose, in the README, the changelog and the pages of docs: a reader has to learn what to
install. Code, tests, the sessions and other dists know of none.

What is looked for: the ids that its `pyproject.toml` announces, its dist, its packages, and the titles of its
manifests, as whole words, whatever the letter case and whatever stands between their parts. Where it is looked for:
every text file that git tracks or would track.

A provider may be named after an ordinary word. Its own `pyproject.toml` then says so, with a reason::

    [tool.coffers]
    ordinary-words = ["wave"]  # English

and such a word counts only where it is meant: in quotes or backticks, or behind a ``coffers-``.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pytest

from coffers import Registry

ROOT = Path(__file__).parents[2]
#: Where an extension may be named: what is written for people.
PROSE = frozenset({ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")})
DISTS = sorted(pyproject.parent for pyproject in ROOT.glob("plugins/*/*/pyproject.toml"))


def tracked() -> list[Path]:
    """Every file of the workspace, but for what git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in run.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def facts(dist: Path) -> dict[str, Any]:
    return tomllib.loads((dist / "pyproject.toml").read_text("utf-8"))


def may_name(path: Path, dist: Path) -> bool:
    """Whether the file at `path` may name the plugin `dist`."""
    return dist in path.parents or (dist.parent.name == "extensions" and path in PROSE)


def ids(dist: Path) -> list[str]:
    return list(facts(dist)["project"].get("entry-points", {}).get("coffers.providers", {}))


def names(dist: Path) -> set[str]:
    """Everything that `dist` is known by, in lower case with one space between parts."""
    titles = [Registry().load(provider_id).manifest.title for provider_id in ids(dist)]
    titles += [re.sub(r"\(.*\)", "", title) for title in titles]  # "Acme (old API)" is Acme
    packages = [init.parent.name for init in dist.glob("src/*/__init__.py")]
    whole = [dist.name, facts(dist)["project"]["name"], *ids(dist), *packages, *titles]
    return {" ".join(re.findall(r"\w+", name.lower().replace("_", " "))) for name in whole}


def ordinary_words(dist: Path) -> list[str]:
    return list(facts(dist).get("tool", {}).get("coffers", {}).get("ordinary-words", ()))


def pattern(names: Iterable[str], ordinary: Collection[str] = ()) -> re.Pattern[str]:
    """Finds any of `names`; one of the `ordinary` words only where it is meant."""
    found: list[str] = []
    for name in sorted(names, key=len, reverse=True):
        words = r"[-_. ]?".join(map(re.escape, name.split()))
        found.append(
            rf"(?:[\"'`]|coffers[-_]){words}(?![a-z0-9])" if name in ordinary else rf"(?<![a-z0-9]){words}(?![a-z0-9])"
        )
    return re.compile("|".join(found), re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('provider = "acme-pay"', True),
        ("ACME_PAY_KEY", True),
        ("from coffers_acme_pay import it", True),
        ("pip install coffers-acme-pay", True),
        ("AcmePay, Acme Pay", True),
        ("acme-payments", False),
        ("placme pay", False),
        ("a wave of errors", False),
        ("Wavelength", False),
        ('provider = "wave"', True),
        ("`wave`", True),
        ("coffers-wave", True),
    ],
)
def test_a_mention_is_told_from_a_word(text: str, named: bool) -> None:
    assert bool(pattern({"acme pay", "coffers acme pay", "wave"}, {"wave"}).search(text)) is named


def test_the_names_of_a_plugin_are_found() -> None:
    for dist in DISTS:
        assert pattern(names(dist)).search(f"pip install {dist.name}")
    for dist in [dist for dist in DISTS if dist.parent.name == "providers"]:
        assert ids(dist)
        assert len(names(dist)) >= 2
        assert all(pattern(names(dist), ordinary_words(dist)).search(f'"{one}"') for one in ids(dist))


@pytest.mark.parametrize(
    ("path", "a_provider", "an_extension"),
    [
        ("README.md", False, True),
        ("CHANGELOG.md", False, True),
        ("docs/index.md", False, True),
        ("docs/how-to/embed.md", False, True),
        ("docs/conf.py", False, False),
        ("noxfile.py", False, False),
        ("pyproject.toml", False, False),
        ("core/README.md", False, False),
        ("core/src/coffers/client.py", False, False),
        ("tests/workspace/test_names.py", False, False),
        ("plugins/providers/other/README.md", False, False),
        ("plugins/extensions/other/README.md", False, False),
        ("plugins/providers/mine/README.md", True, False),
        ("plugins/extensions/mine/src/mine.py", False, True),
    ],
)
def test_who_may_be_named_where(path: str, a_provider: bool, an_extension: bool) -> None:
    assert may_name(ROOT / path, ROOT / "plugins/providers/mine") is a_provider
    assert may_name(ROOT / path, ROOT / "plugins/extensions/mine") is an_extension


@pytest.mark.parametrize("dist", DISTS, ids=lambda dist: dist.name)
def test_nothing_outside_a_plugins_folder_names_it(dist: Path) -> None:
    found = pattern(names(dist), ordinary_words(dist))
    named = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if not may_name(path, dist)
        for match in [found.search(str(path.relative_to(ROOT))), found.search(path.read_text("utf-8", "replace"))]
        if match
    }
    assert named == set()

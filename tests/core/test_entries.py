"""Entry points of what is installed: the same as `importlib.metadata` finds, which is the witness here."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coffers import entries

GROUP = "coffers.providers"

#: Answers, for each ``sys.path`` on a line of its own: what we find, what Python finds, and whether we had to ask it.
WITNESS = f"""
import json, sys, zipfile
from importlib import invalidate_caches, metadata
from pathlib import Path
from coffers import entries

class Foreign:
    find_spec = staticmethod(lambda *_: None)
    def __init__(self, folder):
        self.folder = folder
    def find_distributions(self, context=None):
        return [metadata.Distribution.at(self.folder)]

found = entries._folders
metadata.version("attrs"), zipfile, [*metadata.entry_points()]  # what they import lazily would not be found below
usual, finders = sys.path[:], sys.meta_path[:]
for line in sys.stdin:
    path, as_paths, foreign, keeps_own = json.loads(line)
    sys.path[:] = map(Path, path) if as_paths else path
    if not keeps_own:
        sys.meta_path[:] = [finder for finder in finders if not hasattr(finder, "find_distributions")]
    sys.meta_path += [Foreign(folder) for folder in foreign]
    invalidate_caches()
    try:
        list(found())
        asked = False
    except entries._ElsewhereError:
        asked = True
    ours = [[entry.name, entry.value, *entry.whose()] for entry in entries.find_entries({GROUP!r})]
    theirs = [
        [entry.name, entry.value, entry.dist.name, entry.dist.version]
        for entry in metadata.entry_points(group={GROUP!r})
    ]
    sys.path[:], sys.meta_path[:] = usual, finders
    print(json.dumps([sorted(ours), sorted(theirs), asked]), flush=True)
"""


class Seen(NamedTuple):
    """What was found: name, value, dist and version of each, and whether Python's own reader had to be asked."""

    found: list[list[str]]
    asked: bool


class Witness:
    """A process in which nothing but Python's own finder looks for distributions, unless a test says so."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(
        self, *path: Path | str, paths: bool = False, foreign: tuple[Path, ...] = (), own: bool = True
    ) -> Seen:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps([[*map(str, path)], paths, [*map(str, foreign)], own]) + "\n")
        stdin.flush()
        ours, theirs, asked = json.loads(stdout.readline())
        assert ours == theirs
        return Seen(ours, asked)


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    """Begins in an empty folder, so that `""` on the path is one."""
    with subprocess.Popen(
        [sys.executable, "-c", WITNESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path_factory.mktemp("empty"),
    ) as process:
        yield Witness(process)
        assert process.stdin is not None
        process.stdin.close()


def dist(
    place: Path,
    folder: str = "acme_plugin-1.2.3.dist-info",
    text: str | None = f"[{GROUP}]\nacme = coffers_acme\n",
    name: str = "Acme.Plugin",
    facts: str = "METADATA",
) -> Path:
    """A distribution's metadata, as an installer leaves them in `place`."""
    info = place / folder
    info.mkdir(parents=True)
    (info / facts).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2.3\n\nName: not this one\n", "utf-8")
    if text is not None:
        (info / "entry_points.txt").write_text(text, "utf-8")
    return info


ACME = ["acme", "coffers_acme", "Acme.Plugin", "1.2.3"]


def test_a_distribution_is_found_and_python_is_not_asked(witness: Witness, tmp_path: Path) -> None:
    dist(tmp_path)
    dist(tmp_path, "other-2.dist-info", None)
    dist(tmp_path, "third-2.dist-info", "[console_scripts]\nacme = acme:main\n")
    assert witness(tmp_path) == ([ACME], False)


def test_what_is_in_this_environment_is_found_likewise(witness: Witness) -> None:
    assert not witness(*sys.path).asked


@pytest.mark.parametrize(
    "text",
    [
        f"# [none]\n\n  [{GROUP}]  \n\n  acme=coffers_acme\n",
        f"[{GROUP}]\nacme = coffers_acme : plugin [extra, more]\nother   =  a.b:c.d\n[x]\nacme = no\n",
        f"[x]\na = b\n[{GROUP}]\n#acme = no\nacme = coffers_acme # no comment\n[{GROUP}]\nlater = x\n",
        f"[{GROUP}]\nacme = a = b\nacme = twice\nÄrger = ü\n",
        f"acme = before any section\n[ {GROUP} ]\nacme = in another section\n[[{GROUP}]]\nacme = in it\n",
        f"\ufeff[{GROUP}]\nacme = behind a mark\n",
        f"[{GROUP}]\r\nacme = coffers_acme\r\n",
        "",
    ],
)
def test_odd_spelling(witness: Witness, tmp_path: Path, text: str) -> None:
    dist(tmp_path, text=text)
    assert not witness(tmp_path).asked


@pytest.mark.parametrize(
    "folder",
    [
        "acme.plugin-1.dist-info",
        "Acme_Plugin-1.dist-info",
        "acme-plugin-1.dist-info",
        "~cme_plugin-1.dist-info",
        "acme_plugin-1.egg-info",
        "acme_plugin.egg-info",
        "acme_plugin.dist-info",
    ],
)
def test_the_first_of_a_name_is_the_one_however_it_is_written(witness: Witness, tmp_path: Path, folder: str) -> None:
    dist(tmp_path / "a", folder)
    dist(tmp_path / "b", text=f"[{GROUP}]\nacme = second\n", name="Second")
    assert not witness(tmp_path / "a", tmp_path / "b").asked
    assert not witness(tmp_path / "b", tmp_path / "a", tmp_path / "b").asked


@pytest.mark.parametrize("folder", ["-1.dist-info", ".dist-info", "Acme_Plugin-1.DIST-INFO"])
def test_where_the_folder_does_not_tell_the_name_python_is_asked(witness: Witness, tmp_path: Path, folder: str) -> None:
    dist(tmp_path, folder)
    dist(tmp_path, "acme_plugin-1.dist-info")
    assert witness(tmp_path).asked


def test_older_installers(witness: Witness, tmp_path: Path) -> None:
    """An egg's folder of metadata, and one file in its place, which tells no entry points."""
    dist(tmp_path, "acme_plugin.egg-info", facts="PKG-INFO")
    (tmp_path / "other-1.egg-info").write_text("Metadata-Version: 1.0\nName: other\nVersion: 1\n")
    assert witness(tmp_path) == ([ACME], False)


def test_in_an_egg(witness: Witness, tmp_path: Path) -> None:
    egg = tmp_path / "acme_plugin-1.2.3-py3.11.egg"
    dist(egg, "EGG-INFO", facts="PKG-INFO")
    assert witness(egg) == ([ACME], True)


def test_in_a_zip(witness: Witness, tmp_path: Path) -> None:
    info = dist(tmp_path / "in")
    archive = tmp_path / "acme.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for part in info.iterdir():
            file.write(part, f"{info.name}/{part.name}")
    assert witness(archive) == ([ACME], True)
    assert witness(tmp_path / "in", archive) == ([ACME], True)


def test_places_that_hold_nothing(witness: Witness, tmp_path: Path) -> None:
    dist(tmp_path / "real")
    (tmp_path / "file").write_text("neither a folder nor a zip")
    dist(tmp_path / "real", "odd-1.dist-info", None).joinpath("entry_points.txt").mkdir()
    assert witness("", tmp_path / "missing", tmp_path / "real") == ([ACME], False)
    assert witness(tmp_path / "file", tmp_path / "real") == ([ACME], True)


def test_a_path_that_is_no_text(witness: Witness, tmp_path: Path) -> None:
    dist(tmp_path)
    assert witness(tmp_path, paths=True) == ([ACME], True)


def test_a_finder_of_somebody_elses_and_none_at_all(witness: Witness, tmp_path: Path) -> None:
    elsewhere = dist(tmp_path / "elsewhere", "x-1.dist-info", f"[{GROUP}]\nx = coffers_x\n", name="x")
    dist(tmp_path / "here")
    both = [ACME, ["x", "coffers_x", "x", "1.2.3"]]
    assert witness(tmp_path / "here", foreign=(elsewhere,)) == (both, True)
    assert witness(tmp_path / "here", own=False) == ([], True)


def test_an_editable_install_through_a_pth(tmp_path: Path) -> None:
    """Its metadata are in one place, its code in another, which a ``.pth`` names."""
    site, source = tmp_path / "site", tmp_path / "source"
    dist(site)
    source.mkdir()
    (source / "coffers_acme.py").write_text("WORD = 'found'\n")
    (site / "acme.pth").write_text(f"{source}\n")
    script = f"""
        import site, sys
        site.addsitedir({str(site)!r})
        from coffers.entries import find_entries
        [entry] = [entry for entry in find_entries({GROUP!r}) if entry.name == "acme"]
        assert "coffers_acme" not in sys.modules and "importlib.metadata" not in sys.modules
        print(entry.load().WORD, *entry.whose())
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert run.stdout == "found Acme.Plugin 1.2.3\n"


NAMES = st.sampled_from(["acme", "Acme", "ac-me", "ac.me", "ac_me", "other", "x", "~x"])
LINES = st.sampled_from([f"[{GROUP}]", "[other]", "a = b", "acme=coffers_acme:x ", " # a = c", "", "  x = y [z]", "[]"])
FOLDERS = st.tuples(NAMES, st.sampled_from(["-1", "-2.0", "", "-1-py3"]), st.sampled_from([".dist-info", ".egg-info"]))
DISTS = st.lists(st.tuples(FOLDERS, st.lists(LINES, max_size=6)), max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(DISTS, min_size=1, max_size=3))
def test_whatever_is_installed(
    witness: Witness, tmp_path_factory: pytest.TempPathFactory, places: list[list[tuple[tuple[str, ...], list[str]]]]
) -> None:
    path = [tmp_path_factory.mktemp("place") for _ in places]
    for place, dists in zip(path, places, strict=True):
        for (name, *rest), lines in dists:
            if not (place / "".join((name, *rest))).exists():
                text = "\n".join([f"[{GROUP}]", *lines])
                dist(place, "".join((name, *rest)), text, name, "METADATA" if rest[-1] == ".dist-info" else "PKG-INFO")
    assert not witness(*path).asked


# --- loading, and where we are more patient than the witness -------------------------------------------------------


def loads(entry: entries.Entry | metadata.EntryPoint) -> tuple[object, str]:
    try:
        return entry.load(), ""
    except (ImportError, AttributeError, ValueError) as error:
        return type(error), str(error)


@pytest.mark.parametrize(
    "value", ["json", "json:loads", "os.path:join", "json:decoder.JSONDecoder", "json : loads [x]"]
)
@pytest.mark.parametrize("more", ["", "[y]", ":", ":nothing", ".nothing", " nothing"])
def test_an_entry_loads_what_python_loads(tmp_path: Path, value: str, more: str) -> None:
    [entry] = entries._entries_in(str(dist(tmp_path, text=f"[{GROUP}]\nacme = {value}{more}\n")), GROUP)
    assert loads(entry) == loads(metadata.EntryPoint("acme", value + more, GROUP))


def test_metadata_that_cannot_be_read_hide_no_other_plugin(tmp_path: Path) -> None:
    info = dist(tmp_path)
    (info / "entry_points.txt").write_bytes(f"[{GROUP}]\nwhat is this\n\xff\nacme = coffers_acme\n".encode("latin-1"))
    (info / "METADATA").unlink()
    [entry] = entries._entries_in(str(info), GROUP)
    assert (entry.name, entry.value, *entry.whose()) == ("acme", "coffers_acme", "acme_plugin", "1.2.3")


def test_a_dist_that_somebody_elses_finder_does_not_name() -> None:
    assert entries._told_by(None) == ("", "")

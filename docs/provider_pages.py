"""A page for every installed provider, written before Sphinx reads the pages; no file names a provider by hand.

What a page says comes from the plugin alone: its manifest (`coffers providers --check --json`), the config that
`coffers init` writes, its README, and the recorded cases in its vectors. Both commands run as processes of their own,
so that a plugin can disturb neither the build nor its neighbours; one that is broken gets a page that says so.

The pages lie in docs/providers, which git ignores. They hold made-up credentials only, as the vectors do.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from coffers import Registry
from coffers.testing.vectors import Case, find_vectors, load_cases
from docs.page_files import fill

FOLDER = Path(__file__).parent / "providers"

_INDEX = """\
# Providers

One page for each provider that was installed where these pages were built, made from the plugin itself. `coffers
providers` shows those that you have.

"""


def write_pages(folder: Path = FOLDER) -> None:
    """Write `index.md` and a page for each installed provider into `folder`; see `fill`."""
    found = installed()
    pages = {"index.md": index(found)} | {f"{facts['id']}.md": page(facts) for facts in found}
    fill(folder, pages)


def installed() -> list[dict[str, Any]]:
    """The entry of each installed provider in `coffers providers --check --json`."""
    return [{"error": None, **facts} for facts in json.loads(_coffers("providers", "--check", "--json"))["providers"]]


def index(found: Iterable[dict[str, Any]]) -> str:
    """The page that lists the others."""
    entries = [facts["id"] for facts in found]
    tree = ["```{toctree}", ":maxdepth: 1", "", *entries, "```"] if entries else ["No provider was installed."]
    return _INDEX + "\n".join(tree) + "\n"


def page(facts: dict[str, Any]) -> str:
    """The page of one provider, from its entry."""
    dist, version = facts["dist"], facts["version"]
    if facts["error"] is not None:
        told = _fenced("text", facts["error"])
        return f"# {facts['id']}\n\nThis provider is announced by {_code(dist)} {version} and does not load:\n\n{told}"
    parts = [
        f"# {_plain(facts['title'])}",
        _summary(facts),
        "## Config keys",
        _keys(facts),
        "As `coffers init` writes them:",
        _fenced("toml", _example(facts["id"])),
        *_readme(dist),
        *_recorded(facts["id"]),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _coffers(*arguments: str) -> str:
    """What a command prints; a broken plugin makes its exit code 2, which is no reason to stop."""
    command = [sys.executable, "-m", "coffers", *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=120).stdout.decode()  # noqa: S603  our own command


# --- the manifest --------------------------------------------------------------------------------------------------


def _summary(facts: dict[str, Any]) -> str:
    rows = [
        ("Provider", _code(facts["id"])),
        ("Install", _code(f"pip install {facts['dist']}") + f" (this page: version {facts['version']})"),
        (
            "Hosts",
            ", ".join(map(_code, dict.fromkeys(facts["hosts"].values()))) or f"the account's `{facts['url_field']}`",
        ),
        ("Permission", _plain(facts["permission"]) or "not said"),
        ("Not covered", _plain(facts["not_covered"]) or "not said"),
        ("Its own page", f"<{facts['docs']}>"),
    ]
    if facts["polarity"] == "owed":
        rows.append(("Sign", "a positive figure of this provider is owed; it is shown as a negative one"))
    if facts["min_interval_s"]:
        rows.append(("Ask", f"an account no more often than once in {facts['min_interval_s']:g} s"))
    return _list(rows)


def _keys(facts: dict[str, Any]) -> str:
    if not facts["fields"]:
        return "None: an account needs nothing but `provider`."
    text = _list((_code(field["name"]), _key(field)) for field in facts["fields"])
    if len(facts["credentials"]) > 1:
        ways = [" and ".join(map(_code, way)) for way in facts["credentials"]]
        text += f"\n\nSign in with exactly one of: {'; '.join(ways)}."
    return text


def _key(field: dict[str, Any]) -> str:
    choices = ", ".join(map(_code, field["choices"]))
    value = "a reference" if field["secret"] else f"one of {choices}" if choices else field["type"]
    default = "" if field["default"] is None else f", {_code(str(field['default']))} by default"
    meaning = f": {_plain(field['help'])}" if field["help"] else ""
    return f"{value}; {'required' if field['required'] else 'optional'}{default}{meaning}"


def _example(provider_id: str) -> str:
    """The account that `coffers init` writes, without the head that every config has."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        _coffers("init", "--config", str(config), provider_id)
        return config.read_text("utf-8").partition("\n\n")[2]


# --- the vectors ---------------------------------------------------------------------------------------------------


def _recorded(provider_id: str) -> list[str]:
    """The recorded cases: one shown in full, all of them by name."""
    [entry] = [entry for entry in Registry().list() if entry.id == provider_id]
    try:
        found = load_cases(find_vectors(entry.value.partition(":")[0]))
    except FileNotFoundError:
        return ["## Recorded cases", "This plugin ships none."]
    cases = [case for case in found if case.provider_id == provider_id and "response.http" in case.files]
    parts = ["## Recorded cases", "Every credential in them is made up."]
    whole = [case for case in cases if "signed.http" in case.files and case.json("snapshot.json").get("balances")]
    if whole:
        shown = min(whole, key=lambda case: (len(case.files["snapshot.json"]), case.name))
        for file, said in (
            ("signed.http", "is asked"),
            ("response.http", "is answered"),
            ("snapshot.json", "it means"),
        ):
            parts += [f"What {said} (`{shown.name}/{file}`):", _fenced("text", _text(shown.files[file]))]
    rows = [(_code(case.name), _status(case), _outcome(case)) for case in cases]
    return [*parts, f"All {len(rows)} of them:", _table(("case", "HTTP", "what it means"), rows)]


def _status(case: Case) -> str:
    return case.files["response.http"].split(b" ", 2)[1].split(b"\n", 1)[0].decode()


def _outcome(case: Case) -> str:
    if "error.json" in case.files:
        error = case.json("error.json")
        code = error.get("code")
        return f"error {_code(error['kind'])}" + (f", the provider's code {_code(str(code))}" if code else "")
    if "token.json" in case.files:
        return "an access token"
    snapshot = case.json("snapshot.json")
    currencies = [balance["currency"] for balance in snapshot["balances"]]
    more = ", more to ask" if snapshot.get("next") else ""
    return (", ".join(map(_code, dict.fromkeys(currencies))) if currencies else "no balance") + more


# --- the README ----------------------------------------------------------------------------------------------------


def _readme(dist: str) -> list[str]:
    """The plugin's README, its headings one level deeper, its first one left out."""
    try:
        text = str(metadata(dist).json.get("description", ""))
    except PackageNotFoundError:
        return []
    if not text.strip():
        return []
    text = re.sub(r"\A\s*# .*\n", "", text)
    text = _outside_code(text, lambda prose: re.sub(r"^(#+ )", r"#\1", prose, flags=re.MULTILINE))
    # A link into the plugin's folder leads nowhere from here.
    text = _outside_code(text, lambda prose: re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", prose))
    return ["## From the plugin's README", text]


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """`text` with `change` made to everything but its fenced blocks."""
    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else change(part) for part in parts)


# --- Markdown ------------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """`text` as prose: one line, and nothing in it is markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")


def _fenced(language: str, text: str) -> str:
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{fence}{language}\n{text.strip()}\n{fence}\n"


def _list(rows: Iterable[tuple[str, str]]) -> str:
    """Terms and what is said of them; unlike a table it needs no width."""
    return "\n\n".join(f"{term}\n: {said}" for term, said in rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in line) + " |" for line in lines)


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("builder-inited", lambda _: write_pages())

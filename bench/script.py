"""A peer's script and what its first lines say (the format of inline script metadata)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import attrs

HERE = Path(__file__).parent
PLUGINS = HERE.parent / "plugins"

_HEADER = re.compile(r"^# /// script\n((?:#(?: .*)?\n)*?)# ///\n", re.MULTILINE)


@attrs.frozen
class Peer:
    """A client that is measured.

    Attributes:
        name: of its script; a plugin's is named after the client that it calls.
        script: the file.
        title: the script's first words.
        dependencies: what it needs, as pip takes it; the first one is what it is about.
        answers: bodies that the server has to know for it, by path; `path` and `answer` in the script's first lines.
        provider: the id of the provider whose own client it is; empty for a client of any server.
    """

    name: str
    script: Path
    title: str
    dependencies: tuple[str, ...]
    answers: dict[str, str] = attrs.field(eq=False, factory=dict)
    provider: str = ""

    @classmethod
    def of(cls, script: Path) -> Peer:
        """What `script` says of itself.

        Raises:
            ValueError: it does not say what it needs.
        """
        text = script.read_text("utf-8")
        header = _HEADER.search(text)
        if header is None:
            raise ValueError(f"{script.name} does not say what it needs")
        facts = tomllib.loads(re.sub(r"^# ?", "", header[1], flags=re.MULTILINE))
        about = facts.get("tool", {}).get("coffers-bench", {})
        title = re.search(r'^"""(.*?)(?:"""$|\.$)', text, re.MULTILINE)
        return cls(
            name=script.stem.replace("_", "-"),
            script=script,
            title=title[1].rstrip(".") if title else script.stem,
            dependencies=tuple(facts["dependencies"]),
            answers={about["path"]: _body(script.parent / about["answer"])} if "path" in about else {},
            provider=about.get("provider", ""),
        )


def _body(file: Path) -> str:
    """The text of a file; of an HTTP message its body."""
    text = file.read_text("utf-8")
    return text.partition("\n\n")[2] if file.suffix == ".http" else text


def peers() -> list[Peer]:
    """Ours, each for any provider."""
    return [Peer.of(script) for script in sorted(HERE.glob("peers/[!_]*.py"))]


def clients_of_providers() -> list[Peer]:
    """Providers' own clients and the like, each in the folder of a plugin."""
    return [Peer.of(script) for script in sorted(PLUGINS.glob("*/*/bench/*.py"))]

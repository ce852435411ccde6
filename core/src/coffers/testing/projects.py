"""A provider's project: made from the template beside this module, and renewed when the template has changed.

Roof. Needs copier. Only writes files: runs none of them, asks nothing, connects to nothing. The template is rendered
whole each time; what is renewed in a project is `RENEWED` and nothing else, for all other files are the author's.
(Copier's own update merges, but wants the template under git and the old version of it; an installed package has
neither.)
"""

from __future__ import annotations

import re
import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import attrs
import copier

from coffers.plugin import Provider

__all__ = ["RENEWED", "NewProject", "renew"]

#: Files that belong to the template. Whatever else a project holds belongs to its author.
RENEWED: Final = (
    ".copier-answers.yml",
    ".gitattributes",
    ".github/workflows/test.yml",
    "ruff.toml",
)

_ANSWERS: Final = ".copier-answers.yml"
_TEMPLATE: Final = Path(__file__).parent / "template"

#: Stricter than the id of a manifest: it also becomes the name of a distribution and of a module.
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
#: What can stand in Python, TOML and Markdown without being escaped.
_TITLE: Final = re.compile(r"""[^\s"\\<>{}\[\]|`*](?:[^\n"\\<>{}\[\]|`*]{0,58}[^\s"\\<>{}\[\]|`*])?""")
_DOCS: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&*+,;=%-]+")


@attrs.frozen(kw_only=True)
class NewProject:
    """What the template is told.

    Args:
        name: the provider's id; the distribution will be ``coffers-NAME``.
        title: the provider's name for people.
        api: the address of its API; requests will go nowhere else.
        docs: the address of its page on balances.

    Raises:
        ValueError: one of them cannot be used; says what it must look like.
    """

    name: str
    title: str
    api: str
    docs: str

    def __attrs_post_init__(self) -> None:
        if self.name.startswith("coffers-"):
            raise ValueError(f"give the name without 'coffers-': {self.name.removeprefix('coffers-')}")
        if not _NAME.fullmatch(self.name) or len(self.name) > 40:
            raise ValueError(
                f"{self.name!r} is no provider's id: lower-case letters and digits, "
                "words joined by single hyphens, at most 40 characters, as acme or acme-pay2"
            )
        if not _TITLE.fullmatch(self.title) or not self.title.isprintable():
            raise ValueError("the title must be 1 to 60 characters on one line, without quotes, brackets and markup")
        if not _DOCS.fullmatch(self.docs):
            raise ValueError("the address of the docs must begin with https:// and hold no spaces, quotes or brackets")
        try:
            Provider(id=self.name, title=self.title, docs=self.docs, base_urls={"api": self.api})
        except ValueError as error:
            reason = str(error).removeprefix("base_urls['api'] ")
            raise ValueError(f"the address of the API {reason}") from None

    def write(self, folder: Path) -> None:
        """Write the project.

        Args:
            folder: the project's own; made where it is missing.

        Raises:
            ValueError: it is there and not empty.
            OSError: it cannot be written.
        """
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ValueError(f"{folder} is there already and not an empty folder; nothing was written")
        _render(folder, attrs.asdict(self))


def renew(folder: Path) -> tuple[str, ...]:
    """Bring the `RENEWED` files of a project to what the template says today, with the answers recorded in it.

    Args:
        folder: the project's.

    Returns:
        The files that were changed or added.

    Raises:
        ValueError: it is no such project, its answers cannot be used, or git holds changes that are not committed.
        OSError: a file cannot be read or written.
    """
    answers = folder / _ANSWERS
    if not answers.is_file():
        raise ValueError(f"{folder} was not made by coffers new-provider: it has no file {_ANSWERS}")
    _refuse_unsaved_changes(folder)
    changed: list[str] = []
    with TemporaryDirectory() as temporary:
        fresh = Path(temporary)
        (fresh / _ANSWERS).write_bytes(answers.read_bytes())
        try:
            _render(fresh, {})
        except Exception as error:  # noqa: BLE001  answers are edited by hand; copier's, YAML's and Jinja's errors share no class
            reason = type(error).__name__
            raise ValueError(f"{answers} must hold name, title, api and docs, each a text ({reason})") from None
        for file in (folder / name for name in RENEWED):
            if not file.resolve().is_relative_to(folder.resolve()):
                raise ValueError(f"{file} is a link that leads out of the project; nothing was renewed")
        for name in RENEWED:
            new, file = (fresh / name).read_bytes(), folder / name
            if not file.exists() or file.read_bytes() != new:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(new)
                changed.append(name)
    return tuple(changed)


def _render(folder: Path, answers: Mapping[str, str]) -> None:
    """Write the whole template; answers that are not given are taken from the folder's recorded ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # copier's remarks are for authors of templates
        copier.run_copy(str(_TEMPLATE), folder, dict(answers), defaults=True, overwrite=True, quiet=True)


def _refuse_unsaved_changes(folder: Path) -> None:
    """What is renewed must be seen in a difference. Without git, nobody can ask for that."""
    folder = folder.resolve()
    if not any((place / ".git").exists() for place in (folder, *folder.parents)):
        return
    try:
        git = subprocess.run(
            ["git", "status", "--porcelain", "--", "."],  # noqa: S607  the git that the author uses
            cwd=folder,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return  # there is no git
    if git.returncode or git.stdout.strip():
        raise ValueError(f"{folder} has changes that git does not hold yet; commit them first, then update")

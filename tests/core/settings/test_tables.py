"""Top-level tables of extensions: known by name, checked where somebody can, their faults told with the rest."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pytest

from coffers import Config, InvalidConfigError, TableCheck, load_config
from tests.core.settings.manifests import CANARY, assert_silent, manifest_of

GOOD = '[accounts.shop]\nprovider = "simple"\nkey = "env:KEY"\n'


def load(folder: Path, text: str, **tables: TableCheck | None) -> Config:
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return load_config(path, manifest_of, tables=tables)


def problems(folder: Path, text: str, **tables: TableCheck | None) -> list[str]:
    with pytest.raises(InvalidConfigError) as caught:
        load(folder, text, **tables)
    assert_silent(caught.value, CANARY)
    return [problem.removeprefix(f"{folder}/config.toml:") for problem in caught.value.problems]


def test_a_known_table_comes_out_as_it_stands(tmp_path: Path) -> None:
    config = load(tmp_path, f'{GOOD}[scale]\nunit = "{CANARY}"\n[[scale.steps]]\nat = 1\n', scale=None, other=None)
    assert config.tables == {"scale": {"unit": CANARY, "steps": [{"at": 1}]}}
    assert CANARY not in repr(config)
    assert pickle.loads(pickle.dumps(config)) == config
    assert hash(config) == hash(load(tmp_path, GOOD))


def test_its_faults_are_told_with_those_of_accounts_in_the_order_of_the_file(tmp_path: Path) -> None:
    seen: list[tuple[Any, Collection[str]]] = []

    def check(value: Any, accounts: Collection[str]) -> Iterable[tuple[tuple[str | int, ...], str]]:
        seen.append((value, accounts))
        yield ("steps", 0, "at"), "must be a number"
        yield (), "is too heavy"

    text = f'[scale]\n[[scale.steps]]\nat = "{CANARY}"\n[accounts.shop]\nprovider = "simple"\n'
    assert problems(tmp_path, text, scale=check) == [
        "1 scale: is too heavy",
        "3 scale.steps[0].at: must be a number",
        "4 accounts.shop.key: is missing; simple needs it",
    ]
    assert seen == [({"steps": [{"at": CANARY}]}, ("shop",))]


def test_a_fault_in_a_list_of_tables_has_its_own_line(tmp_path: Path) -> None:
    text = "[[scale.steps]]\nat = 1\n[[scale.steps]]\nat = 2\nlist = [1, 2]\n"
    faults = [(("steps", 1, "at"), "is odd"), (("steps", 1, "list", 1), "is even"), (("steps", 2), "is missing")]
    assert problems(tmp_path, text, scale=lambda value, accounts: faults) == [
        "1 scale.steps[2]: is missing",
        "4 scale.steps[1].at: is odd",
        "5 scale.steps[1].list[1]: is even",
    ]


def test_an_unknown_table_names_the_known_ones_too(tmp_path: Path) -> None:
    assert problems(tmp_path, "[scales]\n", scale=None) == [
        "1 scales: is not a key of the config file; did you mean `scale`? known keys: accounts, scale"
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "[weigher]\n",
            "; if it belongs to an extension, that is not installed: pip install coffers-weigher could be it",
        ),
        ("[Weigher]\n", ""),
        ("weigher = 1\n", ""),
        ('[weigher]\nprovider = "simple"\n', "; did you mean [accounts.weigher]?"),
    ],
)
def test_an_unknown_table_may_be_that_of_an_extension_which_is_not_installed(
    tmp_path: Path, text: str, hint: str
) -> None:
    name = text.strip("[").split("]")[0].split(" ")[0]
    assert problems(tmp_path, text) == [f"1 {name}: is not a key of the config file; known keys: accounts{hint}"]


def test_a_table_is_checked_where_the_accounts_are_none(tmp_path: Path) -> None:
    assert problems(tmp_path, "accounts = 1\n[scale]\n", scale=lambda value, accounts: [((), f"{accounts}")]) == [
        "1 accounts: must be a table; write [accounts.NAME] above the keys of each account",
        "2 scale: ()",
    ]

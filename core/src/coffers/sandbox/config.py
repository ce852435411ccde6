"""A config file for the accounts of a sandbox: secrets are references in it, never literals.

Roof. The made-up secrets go to files of their own (mode 0600) or to environment variables.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from coffers import PluginError

from .accounts import ServedAccount

__all__ = ["config_toml", "secret_variables"]

#: An account and one of its secret keys.
Place = tuple[str, str]

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def config_toml(accounts: Iterable[ServedAccount], secrets_folder: Path | None) -> str:
    """The text of a config file for `accounts`; writes the secrets when there is a folder for them.

    An account whose provider cannot be loaded is a comment with the reason.

    Raises:
        OSError: a secret cannot be written.
    """
    accounts = list(accounts)
    variables = {place: name for name, (place, _) in _variables(accounts).items()}
    return "\n".join(_table(account, variables, secrets_folder) for account in accounts)


def _table(account: ServedAccount, variables: Mapping[Place, str], folder: Path | None) -> str:
    name = account.name if _BARE_KEY.fullmatch(account.name) else _quoted(account.name)
    try:
        values, secrets = account.config(), account.secret_fields()
    except PluginError as error:
        return f"# accounts.{name} is left out: {error.message}\n"
    lines = [f"[accounts.{name}]"]
    for key, value in values.items():
        if key not in secrets:
            literal = _quoted(value) if isinstance(value, str) else json.dumps(value)
        elif folder is None:
            literal = _quoted(f"env:{variables[account.name, key]}")
        else:
            literal = _quoted(f"file:{_written(folder, f'{account.name}.{key}', secrets[key])}")
        lines.append(f"{key} = {literal}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # A JSON text is a TOML basic string, but for one character that TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _written(folder: Path, name: str, secret: str) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder.absolute() / name
    path.unlink(missing_ok=True)  # so that the file is ours and new, whatever lay there
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(secret)
    return path


def secret_variables(accounts: Iterable[ServedAccount]) -> dict[str, str]:
    """The environment variables that a config without a secrets folder refers to, with their made-up values."""
    return {name: secret for name, (_, secret) in _variables(accounts).items()}


def _variables(accounts: Iterable[ServedAccount]) -> dict[str, tuple[Place, str]]:
    found: dict[str, tuple[Place, str]] = {}
    for account in accounts:
        try:
            secrets = account.secret_fields()
        except PluginError:
            continue
        for key, secret in secrets.items():
            stem = name = re.sub(r"\W", "_", f"COFFERS_SANDBOX_{account.name}_{key}".upper(), flags=re.ASCII)
            number = 1
            while name in found:  # "a-b" and "a_b" would share a name
                number += 1
                name = f"{stem}_{number}"
            found[name] = ((account.name, key), secret)
    return found

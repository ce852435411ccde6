"""What of an account may leave the process: references, and what is plainly no secret.

Floor 5, inside `settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coffers.account import Account
from coffers.errors import ConfigError
from coffers.provider import ConfigField
from coffers.secret import Secret

from .fields import shown_key
from .references import REFERENCE_FORMS, is_reference

__all__ = ["travel_fault"]

_STAYS: Final = (
    f"may be a secret and does not travel to another process; write a reference, resolved over there: {REFERENCE_FORMS}"
)


def travel_fault(account: Account, fields: Mapping[str, ConfigField]) -> ConfigError | None:
    """Why `account` must not be sent to another process; None where it may be.

    Args:
        account: from a config file or made in code.
        fields: the config keys of its provider. What stands under any other key may be a misspelt secret.
    """
    for key, value in account.fields:
        known = fields.get(key)
        is_open = known is not None and not known.secret and not isinstance(value, Secret)
        if not is_open and not (isinstance(value, str) and is_reference(value)):
            return ConfigError(f"{shown_key(key)}: {_STAYS}", field=key)
    return None

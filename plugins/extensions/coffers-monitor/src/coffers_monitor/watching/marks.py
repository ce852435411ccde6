"""What stands for an account's config: another mark, another config. Nothing of the config can be told from it."""

from __future__ import annotations

import hashlib
import json

from coffers import Account, Secret

__all__ = ["mark_of"]


def mark_of(account: Account) -> str:
    """32 hexadecimal digits for the account's table as it is written, references and all; nothing is looked up.

    Where the file lies is not in it: two machines may keep one config in two places.
    """
    # A table of a file holds no secret; of one that was given in code nothing is told.
    fields = [[name, None if isinstance(value, Secret) else value] for name, value in account.fields]
    ca_file = None if account.ca_file is None else str(account.ca_file)
    written = json.dumps([account.provider, fields, account.base_url, ca_file, account.timeout_s])
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:32]

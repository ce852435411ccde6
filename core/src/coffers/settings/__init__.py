"""Settings: the config file, its references, and what a provider gets from both.

Floor 5. The only place that reads the environment. Knows manifests, but not where they come from. Start here:

    file.py        a TOML file -> accounts, or every problem of the file at once
    fields.py      an account's keys checked against a manifest; the provider's classes built from them
    resolver.py    an account -> settings, credentials and the secrets to scrub
    references.py  env:, file:, keyring: and cmd:
    commands.py    runs what a cmd: names, once
    travel.py      what of an account may leave the process
    places.py      the line on which a key stands
"""

from __future__ import annotations

from .file import Config, InvalidConfigError, TableCheck, config_path, load_config
from .references import REFERENCE_FORMS, is_reference, may_block, reference_fault
from .resolver import Resolved, Resolver
from .travel import travel_fault

__all__ = [
    "REFERENCE_FORMS",
    "Config",
    "InvalidConfigError",
    "Resolved",
    "Resolver",
    "TableCheck",
    "config_path",
    "is_reference",
    "load_config",
    "may_block",
    "reference_fault",
    "travel_fault",
]

"""The door for commands of extensions: what they share with ours, so that all look and end alike.

Roof. Imported by the module of an extension's command, never by its hooks.
"""

from coffers.cli.accounts import chosen_accounts, config_file, installed_providers, open_config
from coffers.cli.endings import StoppedError
from coffers.cli.extra import observers_of
from coffers.cli.options import config_option, timeout_option, verbose_option
from coffers.cli.streams import stdout_for_data

__all__ = [
    "StoppedError",
    "chosen_accounts",
    "config_file",
    "config_option",
    "installed_providers",
    "observers_of",
    "open_config",
    "stdout_for_data",
    "timeout_option",
    "verbose_option",
]

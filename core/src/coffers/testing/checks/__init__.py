"""The standard checks of the kit, one module for each thing they are about.

Roof. To add a check, write a function in the module it belongs to; nothing else changes.
"""

from __future__ import annotations

from typing import Final

from coffers.testing.checking import Check, registered

from . import amounts as amounts
from . import figures as figures
from . import keeping as keeping
from . import left_out as left_out
from . import manifest as manifest
from . import mutated as mutated
from . import purity as purity
from . import rows as rows
from . import safety as safety
from . import sandbox as sandbox
from . import servers as servers
from . import times as times
from . import vectors as vectors

__all__ = ["CHECKS"]

#: Every standard check, in the order they run.
CHECKS: Final[tuple[Check, ...]] = tuple(registered())

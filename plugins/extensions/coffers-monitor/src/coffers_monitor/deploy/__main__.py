"""`python -m coffers_monitor.deploy FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from . import copy_files

if len(sys.argv) != 2:
    sys.exit("usage: python -m coffers_monitor.deploy FOLDER")
try:
    written = copy_files(Path(sys.argv[1]))
except OSError as error:
    sys.exit(f"coffers: {error}")
sys.stdout.writelines(f"{path}\n" for path in written)

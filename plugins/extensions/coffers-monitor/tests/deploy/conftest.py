"""What the tests of the deploy files share with those of the page: the made-up month, served for real."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))

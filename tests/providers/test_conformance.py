"""The conformance kit over every provider of the workspace. No provider is named here."""

from __future__ import annotations

import tomllib
from pathlib import Path

from coffers.testing import Conformance

DISTS = sorted((Path(__file__).parents[2] / "plugins" / "providers").glob("*/pyproject.toml"))

for _file in DISTS:
    for _id in tomllib.loads(_file.read_text())["project"]["entry-points"]["coffers.providers"]:
        globals()[_id.replace("-", "_")] = Conformance(_id, vectors=_file.parent / "vectors")

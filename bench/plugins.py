"""Puts made-up plugins into a folder of packages, as an installer would: a module, its metadata, its bytecode."""

from __future__ import annotations

import compileall
from pathlib import Path

TALLY = Path(__file__).parent / "tally.py"


def add_plugin(site: Path, provider_id: str = "tally", source: str | None = None) -> None:
    """A plugin with the provider `provider_id`.

    Args:
        site: the folder.
        provider_id: its id.
        source: its module; None is `tally.py` under this id.
    """
    if source is None:
        source = TALLY.read_text("utf-8").replace('ID = "tally"', f'ID = "{provider_id}"')
    name = f"coffers_{provider_id}"
    info = site / f"{name}-0.1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[coffers.providers]\n{provider_id} = {name}\n", "utf-8")
    (info / "INSTALLER").write_text("bench\n", "utf-8")
    (site / f"{name}.py").write_text(source, "utf-8")
    compileall.compile_file(site / f"{name}.py", quiet=2)

"""Files for whoever runs the monitor: systemd units, a container and a compose file, Prometheus rules, a dashboard.

`python -m coffers_monitor.deploy FOLDER` copies them there; it never overwrites a file.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["copy_files"]


def copy_files(folder: Path) -> list[Path]:
    """Copy every file into a folder, which is made where it is missing.

    Returns:
        The files that were written.

    Raises:
        FileExistsError: one of them is there already; then none was written.
    """
    sources = [
        source for source in files("coffers_monitor.deploy").iterdir() if source.is_file() and _is_to_copy(source.name)
    ]
    targets = [folder / source.name for source in sources]
    for target in targets:
        if target.exists():
            raise FileExistsError(f"{target} is there already; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for source, target in zip(sources, targets, strict=True):
        target.write_bytes(source.read_bytes())
    return sorted(targets)


def _is_to_copy(name: str) -> bool:
    return not name.endswith((".py", ".pyc"))

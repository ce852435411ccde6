"""From a result to its charts: bars for peers, lines for growth. Colours that can be read on white and on black."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

_TEXT = "#767676"
_OURS = "#d9772b"
_OTHERS = "#6c8ebf"

#: What a chart of growth has on its axes.
_GROWTH = {
    "accounts": ("accounts", "µs of CPU a read"),
    "providers": ("providers in use", "µs of CPU a read"),
    "starts": ("providers installed", "ms a command"),
    "balances": ("balances in the answer", "µs of CPU a read"),
}

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "coffers",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _TEXT,
    "axes.edgecolor": _TEXT,
    "axes.labelcolor": _TEXT,
    "xtick.color": _TEXT,
    "ytick.color": _TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def write_charts(result: Mapping[str, Any], folder: Path) -> None:
    """Every chart of the page, as SVG, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        for scheme, found in result["one_read"].items():
            _bars(found["rows"], "peer", "cpu_ratio", "CPU of a read; urllib3 = 1", folder / f"one-read-{scheme}.svg")
        for scene, found in result["fan_out"].items():
            _bars(found["rows"], "peer", "cpu_s_per_1000", "CPU seconds for 1,000 reads", folder / f"many-{scene}.svg")
        commands = result["cold_start"]["rows"]
        _bars(commands, "command", "wall_ratio", "wall time; python -c pass = 1", folder / "cold-start.svg")
        for of, found in result["growth"].items():
            _line(found, *_GROWTH[of], folder / f"growth-{of}.svg")


def _bars(rows: Sequence[Mapping[str, Any]], named: str, figure: str, label: str, file: Path) -> None:
    drawn = Figure(figsize=(7, 0.7 + 0.32 * len(rows)), layout="constrained")
    axes = drawn.subplots()
    names = [row[named] for row in rows]
    medians = [row[figure]["median"] for row in rows]
    spans = [
        [row[figure]["median"] - row[figure]["low"] for row in rows],
        [row[figure]["high"] - row[figure]["median"] for row in rows],
    ]
    colours = [_OURS if "coffers" in name else _OTHERS for name in names]
    bars = axes.barh(names, medians, xerr=spans, color=colours, error_kw={"ecolor": _TEXT, "capsize": 2})
    axes.bar_label(bars, [f"{one:g}" for one in medians], padding=6)
    axes.margins(x=0.12)
    axes.invert_yaxis()
    axes.set_xlabel(label)
    _save(drawn, file)


def _line(found: Mapping[str, Any], across: str, up: str, file: Path) -> None:
    drawn = Figure(figsize=(7, 2.6), layout="constrained")
    axes = drawn.subplots()
    sizes = [row["size"] for row in found["rows"]]
    figures = [row[found["unit"]] for row in found["rows"]]
    medians = [one["median"] for one in figures]
    axes.fill_between(sizes, [one["low"] for one in figures], [one["high"] for one in figures], color=_OURS, alpha=0.3)
    axes.loglog(sizes, medians, color=_OURS, marker="o")
    for size, one in zip(sizes, medians, strict=True):
        axes.annotate(f"{one:,.0f}", (size, one), (0, 8), textcoords="offset points", ha="center")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_yticks([])
    axes.minorticks_off()
    # A decade at least, so that noise does not look like a slope.
    axes.set_ylim(min(medians) / 3.2, max(medians) * 3.2)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_title(f"exponent {found['exponent']:g}", fontsize=10, loc="right")
    _save(drawn, file)


def _save(drawn: Figure, file: Path) -> None:
    drawn.savefig(file, transparent=True, metadata={"Date": None})
    # One newline at the end, no blanks before any: as every file here.
    text = file.read_text("utf-8")
    file.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", "utf-8")

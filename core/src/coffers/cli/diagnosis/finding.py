"""What the doctor found: one fact each, and what to do about it. Roof."""

from __future__ import annotations

from typing import Literal

import attrs

__all__ = ["Finding", "Section", "bad", "note", "ok"]


@attrs.frozen
class Finding:
    """One fact about a plugin.

    Attributes:
        level: ``ok``, ``note`` (works, but worth knowing) or ``bad`` (must be mended).
        text: what is so, and where: ``file:line`` relative to the package. Never a value that a plugin held.
        remedy: what to do; empty where nothing is to be done.
    """

    level: Literal["ok", "note", "bad"]
    text: str
    remedy: str = ""


@attrs.frozen
class Section:
    """Findings about one thing.

    Attributes:
        title: what they are about.
        findings: in the order to read them.
    """

    title: str
    findings: tuple[Finding, ...] = attrs.field(converter=tuple[Finding, ...])


def ok(text: str) -> Finding:
    """Nothing is wrong here."""
    return Finding("ok", text)


def note(text: str, remedy: str = "") -> Finding:
    """It works, but somebody may want to know."""
    return Finding("note", text, remedy)


def bad(text: str, remedy: str) -> Finding:
    """It must be mended; `remedy` says how."""
    return Finding("bad", text, remedy)

"""A made-up provider with a signature and pages, as somebody outside this repository would write it."""

from __future__ import annotations

from coffers.plugin import SandboxProvider

__all__ = ["sandbox_of_fjord"]


def sandbox_of_fjord() -> SandboxProvider:
    """Its sandbox part."""
    from .fjord.sandbox import SANDBOX

    return SANDBOX

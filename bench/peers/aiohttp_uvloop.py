# /// script
# dependencies = ["aiohttp", "uvloop"]
# ///
"""aiohttp on uvloop: as aiohttp, on another event loop."""

from __future__ import annotations

from uvloop import new_event_loop

from bench.peers.aiohttp import fan_out, reading

__all__ = ["fan_out", "new_event_loop", "reading"]

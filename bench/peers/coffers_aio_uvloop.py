# /// script
# dependencies = ["coffers[aio]"]
# ///
"""coffers.aio on uvloop: as coffers-aio, on the event loop that the extra brings."""

from __future__ import annotations

from uvloop import new_event_loop

from bench.peers.coffers_aio import amounts, fan_out, reading

__all__ = ["amounts", "fan_out", "new_event_loop", "reading"]

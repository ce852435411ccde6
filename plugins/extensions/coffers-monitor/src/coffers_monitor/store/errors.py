"""What is said when the database cannot be used: one line for people, never a password. Imports nothing of ours."""

from __future__ import annotations

__all__ = ["StoreError"]


class StoreError(Exception):
    """The database cannot be used; the message says which, why and what to do. Nothing of the block was stored."""

"""What is said when the database cannot be used: one line for people, never a password. Imports nothing of ours."""

from __future__ import annotations

__all__ = ["StoreError"]


class StoreError(Exception):
    """The database cannot be used; the message says which, why and what to do. Nothing of the block was stored.

    Args:
        message: one line.
        refused: whether it is what was to be stored that the database does not take, so that no later try will do.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused

"""What provider authors test with: the conformance kit, recorded vectors and hostile answers.

Roof: uses the public doors of coffers only; nothing in the core uses it.
"""

from .conformance import Conformance

__all__ = ["Conformance"]

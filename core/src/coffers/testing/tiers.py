"""Quality tiers: what a provider's standard checks say about it, in one word.

Roof. A tier is computed from the kit's results and from nothing else; a failure that its author expects counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import attrs

from .checking import Group, Result
from .conformance import Conformance

__all__ = ["TIERS", "Rating", "Tier", "rate", "tier_of"]

#: From the best to the least.
Tier = Literal["gold", "silver", "bronze"]

#: The groups of checks all of which must hold.
TIERS: Final[Mapping[Tier, frozenset[Group]]] = {
    "gold": frozenset({"vectors", "safety", "exactness", "resilience", "completeness"}),
    "silver": frozenset({"vectors", "safety", "exactness", "resilience"}),
    "bronze": frozenset({"vectors", "safety"}),
}


@attrs.frozen
class Rating:
    """What the kit found.

    Attributes:
        tier: the best one whose checks all hold; None where not even the least is reached.
        results: every check's result, in order.
    """

    tier: Tier | None
    results: tuple[Result, ...] = attrs.field(repr=False)

    @property
    def faults(self) -> tuple[Result, ...]:
        """The checks that failed."""
        return tuple(result for result in self.results if result.fault is not None)


def tier_of(results: Iterable[Result]) -> Tier | None:
    """The best tier whose checks all hold."""
    failed = {result.check.group for result in results if result.fault is not None}
    return next((tier for tier, groups in TIERS.items() if not groups & failed), None)


def rate(conformance: Conformance) -> Rating:
    """Run every check over a provider; takes some seconds.

    Raises:
        PluginError: the provider is missing or broken; says why.
        ModuleNotFoundError: the extra `testing` is not installed.
    """
    from hypothesis import settings
    from hypothesis.configuration import set_hypothesis_home_dir

    before = settings.get_current_profile_name()
    settings.register_profile("coffers-rating", derandomize=True, database=None, deadline=None)
    with tempfile.TemporaryDirectory(prefix="coffers-") as folder:
        set_hypothesis_home_dir(folder)  # nothing is left where the command was called
        settings.load_profile("coffers-rating")
        try:
            results = tuple(conformance.run())
        finally:
            settings.load_profile(before)
            set_hypothesis_home_dir(None)
    return Rating(tier_of(results), results)

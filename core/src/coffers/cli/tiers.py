"""The quality tiers of providers, computed here and now by the conformance kit. Roof."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import attrs
import click

from coffers import InstalledProvider, PluginError, Registry, one_line
from coffers.cli.endings import StoppedError
from coffers.cli.streams import stdout_for_data
from coffers.cli.terminal import is_terminal

__all__ = ["Rated", "rate_installed", "show_faults"]


@attrs.frozen
class Rated:
    """An installed provider and what the kit says about it.

    Attributes:
        installed: the provider.
        tier: its tier, or None.
        checks: how many checks there were.
        faults: the title of each check that failed, what it found and how to mend it.
        error: why there is no result, or None.
    """

    installed: InstalledProvider
    tier: str | None = None
    checks: int = 0
    faults: tuple[tuple[str, str, str], ...] = ()
    error: str | None = None

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "id": self.installed.id,
            "version": self.installed.version,
            "dist": self.installed.dist,
            "tier": self.tier,
            "checks": self.checks,
            "failed": [{"check": title, "fault": fault} for title, fault, _ in self.faults],
            "error": self.error,
        }

    @property
    def remark(self) -> str:
        """What keeps it from a better tier, in a line."""
        if self.error is not None:
            return self.error
        if not self.faults:
            return ""
        title, fault, _ = self.faults[0]
        more = f" (and {len(self.faults) - 1} more)" if len(self.faults) > 1 else ""
        return f"{title}: {fault.partition(chr(10))[0]}{more}"


def rate_installed(providers: Iterable[InstalledProvider], registry: Registry) -> list[Rated]:
    """Run the kit over each of them, with the cases recorded in its dist; takes some seconds each.

    Args:
        providers: what to rate.
        registry: the one that lists them.

    Raises:
        StoppedError: the extra `testing` is not installed.
    """
    listed = list(providers)
    rated: list[Rated] = []
    for number, installed in enumerate(listed, 1):
        if is_terminal(sys.stderr):
            click.echo(f"checking {installed.id} ({number} of {len(listed)}) ...", err=True)
        with stdout_for_data():
            rated.append(_rated(installed, registry))
    return rated


def _rated(installed: InstalledProvider, registry: Registry) -> Rated:
    from coffers.testing import Conformance
    from coffers.testing.conformance import title_of
    from coffers.testing.tiers import rate
    from coffers.testing.vectors import find_vectors

    try:
        registry.load(installed.id)  # in its bounds; from here on the plugin is imported already
        rating = rate(Conformance(installed.id, vectors=find_vectors(installed.value)))
    except PluginError as error:
        return Rated(installed, error=error.message)
    except FileNotFoundError:
        return Rated(installed, error="it has no recorded cases")
    except ModuleNotFoundError as error:
        raise StoppedError(f'the kit needs more packages ({error.name}): pip install "coffers[testing]"') from None
    faults = tuple(
        (title_of(result.check, result.case), result.fault, result.check.advice)
        for result in rating.faults
        if result.fault is not None
    )
    return Rated(installed, rating.tier, len(rating.results), faults)


def show_faults(rated: Rated) -> None:
    """All that the kit found about one provider."""
    click.echo(f"Tier:         {rated.tier or 'none'}")
    click.echo(f"Checks:       {rated.checks - len(rated.faults)} of {rated.checks} hold")
    if rated.error is not None:
        click.echo(f"Reason:       {one_line(rated.error)}")
    for title, fault, advice in rated.faults:
        click.echo(f"\n{title}")
        for line in fault.splitlines():
            click.echo(f"  {one_line(line)}")
        click.echo("  How to mend it:")
        for line in advice.splitlines():
            click.echo(f"    {line}")

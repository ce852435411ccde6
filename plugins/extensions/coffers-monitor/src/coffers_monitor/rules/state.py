"""What the rules remember of an account between two readings, and its JSON. No judgement here.

The text is versioned. One of another version is refused, never half understood.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs
import cattrs

from coffers import amount_to_text, time_to_text
from coffers_monitor.facts import Figures, Place

from .rule import Level

__all__ = ["STATE_VERSION", "Alarm", "Failure", "Kept", "Points", "State", "StateError", "plain", "unplain"]

#: Times and amounts, the oldest first.
Points: TypeAlias = tuple[tuple[datetime, Decimal], ...]

#: Goes up when an older program could misread the text.
STATE_VERSION: Final = 1


class StateError(ValueError):
    """A kept state cannot be read; whoever goes on without it may tell an alert that was told before."""


@attrs.frozen
class Alarm:
    """How one condition stands at one place.

    Attributes:
        level: what the readings came to.
        told: what was last told; differs from `level` while a notice is held back.
        recent: what the last readings said, the newest last; no more than its rule's confirmations.
        since: when the condition began, the first reading that said so; None while all is well.
        told_at: when the last notice was made, a silent recovery included; None before the first.
        count: how many notices there were.
    """

    level: Level = Level.OK
    told: Level = Level.OK
    recent: tuple[Level, ...] = ()
    since: datetime | None = None
    told_at: datetime | None = None
    count: int = 0

    @property
    def is_blank(self) -> bool:
        """Whether nothing would be lost with it."""
        return not (self.level or self.told or self.told_at or any(self.recent))


@attrs.frozen
class Kept:
    """What is known of one place.

    Attributes:
        figures: the last accepted ones that told an amount, else the last accepted.
        read_at: when those were read.
        as_of: the provider's own time of them, or None.
        gone_at: when the place, or its amount, was first missing from an answer; None while it is there.
        peaks: for each window of `drops_by`, in seconds: times and amounts that were, or may become, its highest.
        alarms: how its conditions stand, by `Rule.key`.
    """

    figures: Figures
    read_at: datetime
    as_of: datetime | None = None
    gone_at: datetime | None = None
    peaks: dict[int, Points] = attrs.field(factory=dict[int, Points])
    alarms: dict[str, Alarm] = attrs.field(factory=dict[str, Alarm])


@attrs.frozen
class Failure:
    """A run of failed reads.

    Attributes:
        since: when the first of them ended.
        kind: of the last one.
        message: of the last one, scrubbed.
    """

    since: datetime
    kind: str
    message: str = ""


@attrs.frozen
class State:
    """What the rules remember of one account.

    Attributes:
        account: its name.
        born_at: when it was first judged; an account that was never read is unread since then.
        provider: the provider's id; "" before the first reading.
        judged_at: the end of the last judged reading; None before the first.
        read_at: the end of the last successful one; None before the first.
        failure: the failures since then; None where the last read succeeded.
        doubted_at: when an answer came that is not believed before the next one says the same; None otherwise.
        places: what is known of each place.
        alarms: how the conditions of the account as a whole stand, by `Rule.key`.
    """

    account: str
    born_at: datetime
    provider: str = ""
    judged_at: datetime | None = None
    read_at: datetime | None = None
    failure: Failure | None = None
    doubted_at: datetime | None = None
    places: dict[Place, Kept] = attrs.field(factory=dict[Place, Kept])
    alarms: dict[str, Alarm] = attrs.field(factory=dict[str, Alarm])

    @property
    def level(self) -> Level:
        """The worst of all its alarms."""
        alarms = [*self.alarms.values(), *(alarm for kept in self.places.values() for alarm in kept.alarms.values())]
        return max((alarm.level for alarm in alarms), default=Level.OK)

    def to_text(self) -> str:
        """As JSON, to be kept until the next reading."""
        return json.dumps({"version": STATE_VERSION, **_PLAIN.unstructure(self)}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> State:
        """What `to_text` wrote.

        Raises:
            StateError: it is no such text, or of a version this program does not know.
        """
        try:
            value = json.loads(text)
            version = value.pop("version")
            if version == STATE_VERSION:
                return _PLAIN.structure(value, cls)
        except Exception as error:  # noqa: BLE001  whatever is wrong with a kept text, it is one thing to the caller
            raise StateError(f"the kept state of the rules cannot be read ({type(error).__name__})") from None
        raise StateError(f"the kept state of the rules is of version {version!r}, not {STATE_VERSION}")


def _to_time(text: Any, _: object) -> datetime:
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("a time without its zone")
    return when.astimezone(UTC)


def _to_amount(text: Any, _: object) -> Decimal:
    if not isinstance(text, str):
        raise TypeError("an amount must be a text")
    amount = Decimal(text)
    if not amount.is_finite():
        raise ValueError("an amount must be finite")
    return amount


def _converter() -> cattrs.Converter:
    made = cattrs.Converter(omit_if_default=True)
    made.register_unstructure_hook(datetime, time_to_text)
    made.register_structure_hook(datetime, _to_time)
    made.register_unstructure_hook(Decimal, amount_to_text)
    made.register_structure_hook(Decimal, _to_amount)
    return made


_PLAIN: Final = _converter()


def _places_out(places: dict[Place, Kept]) -> list[Any]:
    return [_PLAIN.unstructure(kept) for kept in places.values()]


def _places_in(rows: Any, _: object) -> dict[Place, Kept]:
    kept = [_PLAIN.structure(row, Kept) for row in rows]
    return {one.figures.place: one for one in kept}


# A place is no key of a JSON object; it stands in its figures already.
_PLAIN.register_unstructure_hook_func(lambda kind: kind == dict[Place, Kept], _places_out)
_PLAIN.register_structure_hook_func(lambda kind: kind == dict[Place, Kept], _places_in)


def plain(value: Any) -> Any:
    """An attrs value of this room as plain dicts, lists and texts."""
    return _PLAIN.unstructure(value)


def unplain(value: Any, cls: type[Any]) -> Any:
    """What `plain` took apart."""
    return _PLAIN.structure(value, cls)

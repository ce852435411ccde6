"""What becomes of the money: each account is spent at its own pace, some are topped up, and one provider fails a while.

The sandbox is told over HTTP, as anybody could.
"""

from __future__ import annotations

import json
import random
import time
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

import attrs

from coffers import Endpoint, HttpTransport, SignedRequest

__all__ = ["Sandbox", "Spending"]

_WITHIN_S: Final = 10.0
#: In how many days what the first one holds is spent, which tells the whole story; and the others, by turns.
_FIRST_LASTS_DAYS: Final = 3
_LASTS_DAYS: Final = (45, 30, 9, 90)
#: The third one is topped up, when so much of it is left: of what it holds a part may not be spendable.
_TOPPED_UP: Final = 2
_TOPPED_UP_AT: Final = Decimal("0.75")
#: The fourth one cannot be read for a while.
_FAILS: Final = 3
_FAILS_AFTER: Final = timedelta(hours=10)
_FAILS_FOR: Final = timedelta(hours=12)
#: Half a day is busy.
_BUSY: Final = Decimal("1.6")
_QUIET: Final = Decimal("0.4")


class Sandbox:
    """The sandbox, controlled over HTTP.

    Args:
        origin: where it is.
    """

    def __init__(self, origin: str) -> None:
        self._endpoint = Endpoint(origin)
        self._transport = HttpTransport()

    def accounts(self) -> dict[str, dict[str, Decimal]]:
        """What each account holds, by currency."""
        found = self._ask("GET", "", None)["accounts"]
        return {one["name"]: {code: Decimal(text) for code, text in one["balances"].items()} for one in found}

    def change(self, account: str, **changes: Any) -> None:
        """Change an account."""
        self._ask("PATCH", f"/{account}", changes)

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def _ask(self, method: str, path: str, body: object) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        message = SignedRequest(method, "api", f"/-/accounts{path}", (), data)
        answer = self._transport.send(message, self._endpoint, time.monotonic() + _WITHIN_S)
        found = json.loads(answer.body)
        if answer.status != 200:
            raise ValueError(f"the sandbox refuses {method} of {path}: {found['error']}")
        return found


@attrs.define
class _Fund:
    """An amount that is spent."""

    opening: Decimal
    left: Decimal
    lasts_days: int
    tops_up: bool

    def spend(self, pace: Decimal) -> None:
        """Spend an hour's worth, at a pace of about 1."""
        if self.opening <= 0:
            return  # what is owed stays owed
        if self.tops_up and self.left < self.opening * _TOPPED_UP_AT:
            self.left += self.opening
        spent = (self.opening * pace / (self.lasts_days * 24)).quantize(self.opening, ROUND_HALF_EVEN)
        self.left = max(self.left - spent, Decimal(0).quantize(self.opening))


class Spending:
    """Spends, hour by hour.

    Args:
        sandbox: whose accounts.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._chance = random.Random(1)  # noqa: S311  nothing secret: the same demo each time
        self._hours = 0
        self._failing = False
        self._funds = {
            name: {
                code: _Fund(amount, amount, _lasts_days(place), place % 4 == _TOPPED_UP)
                for code, amount in held.items()
            }
            for place, (name, held) in enumerate(sandbox.accounts().items())
        }

    @property
    def first(self) -> tuple[str, str, Decimal] | None:
        """The account that runs dry first: its name, a currency and what it holds of it; None where nothing is held."""
        name, funds = next(iter(self._funds.items()))
        return next(((name, code, fund.opening) for code, fund in funds.items() if fund.opening > 0), None)

    def go_on(self, passed: timedelta) -> None:
        """Spend what was not spent yet of the time that has passed.

        Args:
            passed: since the beginning.
        """
        wanted = int(passed / timedelta(hours=1))
        if wanted <= self._hours:
            return
        for hour in range(self._hours, wanted):
            busy = _BUSY if hour % 24 < 12 else _QUIET
            for funds in self._funds.values():
                for fund in funds.values():
                    fund.spend(busy * Decimal(self._chance.randrange(60, 140)) / 100)
        self._hours = wanted
        for name, funds in self._funds.items():
            self._sandbox.change(name, balances={code: f"{fund.left:f}" for code, fund in funds.items()})
        self._fail(_FAILS_AFTER <= passed < _FAILS_AFTER + _FAILS_FOR)

    def _fail(self, wanted: bool) -> None:
        names = [name for place, name in enumerate(self._funds) if place % 4 == _FAILS]
        if wanted != self._failing and names:
            self._failing = wanted
            self._sandbox.change(names[0], fault={"kind": "server_error"} if wanted else None)


def _lasts_days(place: int) -> int:
    return _LASTS_DAYS[place % 4] if place else _FIRST_LASTS_DAYS

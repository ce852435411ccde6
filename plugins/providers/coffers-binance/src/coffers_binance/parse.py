"""What the answer means: a list of assets, or a refusal (`refusals`)."""

from __future__ import annotations

import attrs

from coffers.plugin import Amount, Balance, Query, Response, Snapshot, hookimpl, members, parse_json, structure

from .refusals import refused
from .request import FUNDING, Settings


@attrs.frozen
class SpotRow:
    """``{"asset": "BTC", "free": "4723846.89208129", "locked": "0.00000000"}``."""

    asset: str
    free: Amount
    locked: Amount


@attrs.frozen
class SpotAccount:
    """The spot account; commissions, permissions and the user's id are not read."""

    balances: list[SpotRow]


@attrs.frozen
class FundingRow:
    """An asset in the funding wallet; its value in bitcoin comes only where it is asked for."""

    asset: str
    free: Amount
    locked: Amount
    freeze: Amount
    withdrawing: Amount


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """A balance for each asset; `total` is the sum of its parts. An answer with a ``code`` is a refusal."""
    answer = parse_json(response.body)
    told = members(answer)
    if response.status != 200 or "code" in told:
        raise refused(response, told.get("code"), told.get("msg"))
    if query.step == FUNDING:
        return Snapshot([_funding(row) for row in structure(answer, list[FundingRow])])
    rows = structure(answer, SpotAccount).balances
    wants_funding = query.settings.funding and query.settings.environment == "production"
    return Snapshot([_spot(row) for row in rows], next=[query.then(FUNDING)] if wants_funding else ())


def _spot(row: SpotRow) -> Balance:
    return _balance(row.asset, "spot", row.free, row.locked, ("total",))


def _funding(row: FundingRow) -> Balance:
    held = row.locked + row.freeze + row.withdrawing
    return _balance(row.asset, FUNDING, row.free, held, ("total", "reserved"))


def _balance(asset: str, wallet: str, free: Amount, held: Amount, derived: tuple[str, ...]) -> Balance:
    return Balance(
        asset,
        total=free + held,
        available=free,
        reserved=held,
        unit="asset",
        wallet=wallet,
        derived=derived,
    )

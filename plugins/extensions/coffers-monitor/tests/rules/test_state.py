"""What is kept: through JSON and back, exactly; what cannot be read is refused."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from coffers_monitor.rules import Notice, State, StateError

from .readings import EUR, USD, Runway, Watched, at, failed, read, row, rules


def busy() -> Watched:
    """An account about which everything that can be kept is kept."""
    shop = Watched(
        rules(
            {
                "below": {"warn": "80", "critical": "50"},
                "runway_below": "7d",
                "drops_by": {"percent": "3", "within": "1d"},
                "expires_within": "9d",
                "confirmations": 2,
            },
            {"unread_for": "1m"},
        ),
        runway=Runway("estimate", at(60), Decimal("12345678901234567890.000000000000000001"), at(50)),
    )
    shop.reads(read(0, "100", row("1e-18", EUR, at(60 * 24)), as_of=at(-1)))
    shop.reads(read(0.5, "0", row("0.000000000000000000", EUR, at(60 * 24))))
    shop.reads(read(1, "98765432109876543210987654321.000000000000000010", row("0.9e-18", EUR, at(60 * 24))))
    shop.reads(read(2, "3"))
    shop.reads(read(3, "3"))
    shop.reads(failed(5))
    return shop


def test_everything_comes_back_exactly() -> None:
    shop = busy()
    assert shop.state is not None
    assert shop.text == State.from_text(shop.text or "").to_text()
    assert shop.state.places[EUR].figures.total == Decimal("0.9e-18")
    [points] = shop.state.places[USD].peaks.values()
    assert points[0][1] == Decimal("98765432109876543210987654321.000000000000000010")
    assert {notice.subject for notice in shop.told} >= {"below", "runway_below", "drops_by", "unread_for", "vanished"}
    for notice in shop.told:
        assert Notice.from_text(notice.to_text()) == notice


def test_no_number_in_it_is_a_float() -> None:
    def refuse(text: str) -> None:
        raise AssertionError(f"a float: {text}")

    shop = busy()
    for text in (shop.text or "", *(notice.to_text() for notice in shop.told)):
        json.loads(text, parse_float=refuse)


@pytest.mark.parametrize("kind", [State, Notice])
@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"version":2}', '{"version":1}', '{"version":1,"account":"shop","born_at":"2026"}'],
)
def test_other_texts_are_refused(kind: type[State] | type[Notice], text: str) -> None:
    with pytest.raises(StateError):
        kind.from_text(text)


@pytest.mark.parametrize("amount", ['"NaN"', '"sNaN"', "12.5", '"x"', "[]"])
def test_no_amount_is_refused(amount: str) -> None:
    shop = Watched(rules({"below": "5"}))
    shop.reads(read(0, "98.5"))
    assert shop.text is not None
    assert '"98.5"' in shop.text
    with pytest.raises(StateError):
        State.from_text(shop.text.replace('"98.5"', amount))

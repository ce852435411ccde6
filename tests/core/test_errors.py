"""Errors carry facts, travel whole, and show nothing they should not."""

from __future__ import annotations

import copy
import pickle
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffers import errors
from coffers.errors import KINDS, AuthError, ClockError, CoffersError, ConfigError, one_line
from coffers.secret import MASK, Scrubber, Secret

CLASSES = sorted(KINDS.values(), key=lambda cls: cls.kind)
FACTS: dict[str, Any] = {
    "provider": "toy",
    "account": "shop",
    "code": "17",
    "retry_after_s": 3.5,
    "request_id": "r-1",
    "field": "$.data",
    "step": "balances",
    "attempts": 2,
}
RETRYABLE = {"rate_limited", "unavailable", "timeout", "network", "clock"}


def test_the_kinds_are_a_closed_set_of_twelve() -> None:
    assert set(KINDS) == {
        *("config", "auth", "permission", "rate_limited", "unavailable", "timeout", "network"),
        *("bad_response", "rejected", "clock", "plugin", "unsupported"),
    }
    assert all(KINDS[cls.kind] is cls for cls in CLASSES)
    assert all(cls.__name__ in errors.__all__ for cls in CLASSES)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.kind)
def test_which_may_be_tried_again(cls: type[CoffersError]) -> None:
    assert cls.retryable is (cls.kind in RETRYABLE)


def test_the_root_has_no_kind_and_is_never_raised() -> None:
    with pytest.raises(TypeError, match="root"):
        CoffersError("x")


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.kind)
@pytest.mark.parametrize("travel", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_every_error_travels_with_all_its_facts(cls: type[CoffersError], travel: Any) -> None:
    error = cls("words", **FACTS)
    arrived = travel(error)
    assert type(arrived) is cls
    assert arrived == error
    assert arrived.facts() == FACTS
    assert str(arrived) == arrived.message == "words"
    assert hash(arrived) == hash(error)


def test_equality_needs_the_same_class_and_facts() -> None:
    assert AuthError("a") == AuthError("a")
    assert AuthError("a") != AuthError("b")
    assert AuthError("a", code=1) != AuthError("a")
    assert AuthError("a") != ConfigError("a")
    assert AuthError("a") != "a"


def test_its_repr_names_what_is_known() -> None:
    assert repr(AuthError("a", code=7)) == "AuthError('a', code='7')"


@pytest.mark.parametrize(
    ("given_s", "kept_s"),
    [(-1, 0.0), (0, 0.0), (2, 2.0), (1.5, 1.5), (float("inf"), None), (float("nan"), None), (None, None)],
)
def test_a_wait_is_never_negative_or_endless(given_s: float | None, kept_s: float | None) -> None:
    assert AuthError("a", retry_after_s=given_s).retry_after_s == kept_s


@pytest.mark.parametrize(("found", "kept"), [(404, "404"), (Decimal("4.10"), "4.10"), (None, None), ({"a": 1}, None)])
def test_whatever_a_parser_passes_on_becomes_text_or_nothing(found: Any, kept: str | None) -> None:
    error = AuthError(found, code=found, request_id=found)
    assert (error.message, error.code, error.request_id) == (kept or "", kept, kept)
    assert error.with_facts().message == (kept or "auth")


# --- with_facts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.kind)
def test_only_what_is_unknown_is_filled(cls: type[CoffersError]) -> None:
    told = cls("words", account="mine").with_facts(account="other", provider="toy", step=None)
    assert type(told) is cls
    assert (told.account, told.provider, told.step) == ("mine", "toy", None)


def test_every_text_is_scrubbed() -> None:
    scrub = Scrubber([Secret("s3cret-key")])
    texts = {name: "a s3cret-key z" for name in FACTS if isinstance(FACTS[name], str)}
    told = AuthError("a s3cret-key z", **texts).with_facts(scrub)
    assert told.message == f"a {MASK} z"
    assert all(told.facts()[name] == f"a {MASK} z" for name in texts)


@pytest.mark.parametrize("before", range(485, 505))
def test_texts_are_scrubbed_before_they_are_shortened(before: int) -> None:
    scrub = Scrubber([Secret("s3cret-key-that-is-long")])
    text = "x" * before + "s3cret-key-that-is-long" + "y" * 50
    told = AuthError(text, code=text).with_facts(scrub)
    for shown in (told.message, told.code):
        assert shown is not None
        assert len(shown) <= errors.LONGEST_TEXT
        assert "s3c" not in shown


def test_the_longest_text_is_kept_whole() -> None:
    assert AuthError("x" * errors.LONGEST_TEXT).with_facts().message == "x" * errors.LONGEST_TEXT
    assert AuthError("x" * (errors.LONGEST_TEXT + 1)).with_facts().message == "x" * (errors.LONGEST_TEXT - 1) + "…"


def test_no_frame_cause_note_or_server_time_goes_along() -> None:
    try:
        try:
            raise ValueError("s3cret-key")
        except ValueError as foreign:
            raise ClockError("late", server_time=datetime.now(UTC)) from foreign
    except ClockError as error:
        error.add_note("s3cret-key")
        told = error.with_facts()
    assert isinstance(told, ClockError)
    assert told.server_time is None
    assert told.__cause__ is told.__context__ is told.__traceback__ is None
    assert not hasattr(told, "__notes__")


def test_an_error_without_words_says_its_kind() -> None:
    assert AuthError("\x1b \u202e").with_facts().message == "auth"


def test_an_unknown_fact_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError):
        AuthError("a").with_facts(colour="red")


# --- one_line ------------------------------------------------------------------------------------------------------

BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_nothing_that_acts_survives(text: str) -> None:
    for letter in one_line(text):
        assert unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(letter) not in BIDI
    one_line(text).encode()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nb\tc", "a b c"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("\x9b31mred", "31mred"),
        ("abc\u202edef", "abc def"),
        ("a\u2066b\u061cc\u200bd\ufeffe", "a b c d e"),
        ("a\ud800b", "a b"),
        ("a\u3000b\xa0c", "a b c"),
        ("a\U000e0041b\u2060c", "a b c"),
        ("a\u3164b\u115fc\u1160d\uffa0", "a b c d"),
        ("  Недостаточно  средств ", "Недостаточно средств"),
    ],
)
def test_a_text_on_one_line(text: str, line: str) -> None:
    assert one_line(text) == line

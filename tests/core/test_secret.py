"""A secret shows itself to nobody, and the scrubber finds it in every form other people write it in."""

from __future__ import annotations

import base64
import copy
import html
import io
import json
import logging
import pickle
import re
import string
import time
import traceback
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coffers.errors import ConfigError, one_line
from coffers.secret import MASK, Scrubber, Secret, _forms, _shortest_form

PLAIN = "hunter2-Ab/9+x=="


@attrs.frozen
class Holder:
    key: Secret


def _logged(message: str, *args: object) -> str:
    stream = io.StringIO()
    logger = logging.Logger("apart")  # noqa: LOG001  this one must not be registered
    logger.addHandler(logging.StreamHandler(stream))
    logger.warning(message, *args)
    return stream.getvalue()


def _traceback_with_locals(secret: Secret) -> str:
    def deeper(inside: Secret) -> None:
        held = Holder(inside)
        raise RuntimeError(f"with {held} and {inside}")

    try:
        deeper(secret)
    except RuntimeError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    raise AssertionError


SHOWN: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda secret: format(secret, "s"),
    "format with a width": lambda secret: f"{secret:>40}",
    "f-string with repr": lambda secret: f"{secret!r}",
    "percent s": lambda secret: "%s %r %20s" % (secret, secret, secret),  # noqa: UP031  this way of formatting is the test
    "str.format": lambda secret: "{0} {0!r} {0:<30}".format(secret),  # noqa: UP032  likewise
    "log s": lambda secret: _logged("%s", secret),
    "log r": lambda secret: _logged("%r", secret),
    "in a container": lambda secret: repr([{"key": secret}, (secret,)]),
    "attrs.asdict": lambda secret: repr(attrs.asdict(Holder(secret))),
    "repr of the holder": lambda secret: repr(Holder(secret)),
    "json": lambda secret: json.dumps(attrs.asdict(Holder(secret)), default=str),
    "traceback": _traceback_with_locals,
    "dir": lambda secret: repr(dir(secret)),
    "getstate": lambda secret: repr(secret.__getstate__()),
    "reduce": lambda secret: repr(secret.__reduce_ex__(4)),
}


@pytest.mark.parametrize("way", SHOWN)
def test_nothing_shows_it(way: str) -> None:
    shown = SHOWN[way](Secret(PLAIN))
    assert shown
    assert "hunter2" not in shown


def test_what_is_shown_instead() -> None:
    assert f"{Secret(PLAIN)}" == str(Secret(PLAIN)) == f"{Secret(PLAIN):>40}" == MASK
    assert repr(Secret(PLAIN)) == f"Secret({MASK})"


def test_it_has_no_dict() -> None:
    with pytest.raises(TypeError):
        vars(Secret(PLAIN))


def test_only_reveal_gives_it() -> None:
    assert Secret(PLAIN).reveal() == PLAIN


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_holds_nothing_of_it(protocol: int) -> None:
    data = pickle.dumps(Holder(Secret(PLAIN)), protocol)
    assert b"hunter2" not in data
    arrived = pickle.loads(data)
    assert repr(arrived.key) == f"Secret({MASK})"
    with pytest.raises(ConfigError, match="pickle"):
        arrived.key.reveal()
    assert arrived.key != Secret(PLAIN)
    assert arrived.key == arrived.key
    assert hash(arrived.key) == hash(arrived.key)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_in_the_same_process_is_the_secret_itself(copied: Callable[[Secret], Secret]) -> None:
    secret = Secret(PLAIN)
    assert copied(secret) is secret


def test_equal_and_unequal() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("\udcff") == Secret("\udcff")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_it_cannot_be_changed() -> None:
    secret = Secret(PLAIN)
    with pytest.raises(AttributeError):
        secret._value = "other"
    with pytest.raises(AttributeError):
        del secret._value
    with pytest.raises(AttributeError):
        secret.more = "x"  # type: ignore[attr-defined]  # that is the test
    with pytest.raises(AttributeError):
        secret.__init__("other")  # type: ignore[misc]  # that is the test
    assert secret.reveal() == PLAIN


@pytest.mark.parametrize("wrong", [None, b"bytes", 5])
def test_only_text_is_a_secret(wrong: object) -> None:
    with pytest.raises(TypeError) as caught:
        Secret(wrong)  # type: ignore[arg-type]  # that is the test
    assert "bytes'" not in str(caught.value)


def test_an_empty_secret_is_none() -> None:
    with pytest.raises(ValueError, match="empty"):
        Secret("")


# --- the scrubber --------------------------------------------------------------------------------------------------


def _lower_hex(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), text)


FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda secret: secret,
    "upper": str.upper,
    "lower": str.lower,
    "one line": one_line,
    "quote": lambda secret: quote(secret, safe=""),
    "quote, slashes kept": quote,
    "quote as JavaScript does": lambda secret: quote(secret, safe="!'()*"),
    "quote_plus": quote_plus,
    "quote, lower-case": lambda secret: _lower_hex(quote(secret, safe="")),
    "quote_plus, lower-case": lambda secret: _lower_hex(quote_plus(secret)),
    "decoded as part of an address": lambda secret: one_line(unquote(secret)),
    "decoded as form text": lambda secret: one_line(unquote_plus(secret)),
    "json, ascii": lambda secret: json.dumps(secret)[1:-1],
    "json, ascii, upper-case": lambda secret: re.sub(
        r"\\u(....)", lambda found: "\\u" + found[1].upper(), json.dumps(secret)[1:-1]
    ),
    "json": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "PHP json_encode": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "PHP json_encode, unicode kept": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    "PHP addslashes": lambda secret: re.sub(r"([\\'\"])", r"\\\1", secret).replace("\0", "\\0"),
    "PHP var_export": lambda secret: re.sub(r"([\\'])", r"\\\1", secret),
    "PHP htmlspecialchars": lambda secret: html.escape(secret).replace("&#x27;", "&#039;"),
    "PHP htmlspecialchars, single quotes kept": lambda secret: html.escape(secret).replace("&#x27;", "'"),
    "repr": lambda secret: repr(secret)[1:-1],
    "repr beside a double quote": lambda secret: repr(f'"{secret}')[2:-1],
    "ascii": lambda secret: ascii(secret)[1:-1],
    "repr of bytes": lambda secret: repr(secret.encode())[2:-1],
    "html": html.escape,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64, urlsafe": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64, unpadded": lambda secret: base64.b64encode(secret.encode()).decode().rstrip("="),
    "base64 in PHP's JSON": lambda secret: base64.b64encode(secret.encode()).decode().replace("/", "\\/"),
    "base64 in an address": lambda secret: quote(base64.b64encode(secret.encode()).decode(), safe=""),
}

secrets = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=30),
    st.text("aZ09'\"\\/%+ \n\t.*?[](){}^$|-_~&<>é€😀ßİı", min_size=1, max_size=20),
    st.from_regex(r"[A-Za-z0-9_/+=-]{8,40}", fullmatch=True),
)
surroundings = st.text("ab\\/\"' %=&x", max_size=5)


@given(secrets, surroundings, surroundings)
@example('a"b', "'", "")
@example("a\\b'c\"d", "", "")
@example("[/ſ?", "", "")
@example("ß", "", "")
@example("a+b%2Bc%zz", "", "")
def test_no_form_of_a_secret_survives(secret: str, before: str, after: str) -> None:
    scrub = Scrubber([Secret(secret)])
    for name, write in FORMS.items():
        form = write(secret)
        if form and form not in MASK:
            text = before + form + after
            assert form not in scrub(text), name
            assert scrub.finds(text), name


@given(st.text(st.characters(codec="utf-8"), min_size=6, max_size=30), st.binary(max_size=7), st.binary(max_size=7))
def test_no_base64_of_a_longer_text_survives(secret: str, before: bytes, after: bytes) -> None:
    scrub = Scrubber([secret])
    raw = secret.encode()
    # The letters that the secret alone decides: what they leave unsaid is two bits of its first and last byte.
    head, tail = -len(before) % 3, (len(before) + len(raw)) % 3
    core = base64.b64encode(raw[head : len(raw) - tail]).decode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + raw + after).decode()
        scrubbed = scrub(f"Basic {text}.")
        assert MASK in scrubbed
        assert core.translate(str.maketrans("+/", "-_")) not in scrubbed.translate(str.maketrans("+/", "-_"))


@given(st.text(string.ascii_letters + string.digits + "._=/:-", min_size=8, max_size=40))
def test_no_form_of_a_plain_secret_is_shorter_than_it(secret: str) -> None:
    assert min(map(len, _forms(secret))) == len(secret) == _shortest_form(secret)


@pytest.mark.parametrize(
    "secret", ["abcdefg", "abcdefg%41", "abcdefg+", "abcdefg~", "abcdefg>", "abcdefg\\", "abc defgh", "äbcdefgh"]
)
def test_any_other_may_have_a_shorter_form(secret: str) -> None:
    assert _shortest_form(secret) == 0


def test_what_is_too_short_for_any_form_costs_no_pattern() -> None:
    scrub = Scrubber([Secret("s3cret-key-1"), Secret("s3cret-key")])
    assert scrub("s3cret-ke") == "s3cret-ke"
    assert not scrub.finds("USD", "s3cret-ke")
    assert scrub._pattern is None
    assert scrub.finds("USD", "s3cret-key")


def test_the_longest_form_goes_first_so_nothing_is_left_of_it() -> None:
    assert Scrubber([Secret("abc"), Secret("abcdef")])("xabcdefx") == f"x{MASK}x"


def test_other_text_stays_as_it_is() -> None:
    scrub = Scrubber([Secret("s3cret-key")])
    assert scrub("HTTP 403: s3cret") == "HTTP 403: s3cret"
    assert not scrub.finds("HTTP 403: s3cret")


@pytest.mark.parametrize("nothing", [[], [""]])
def test_without_secrets_nothing_is_scrubbed(nothing: list[str]) -> None:
    scrub = Scrubber(nothing)
    assert scrub("a") == "a"
    assert not scrub.finds("a")


def test_surrogates_of_an_undecodable_environment_are_no_obstacle() -> None:
    assert Scrubber([Secret("key\udcff")])("<key\udcff>") == f"<{MASK}>"


def test_its_repr_shows_nothing() -> None:
    assert PLAIN not in repr(Scrubber([Secret(PLAIN)]))


@pytest.mark.parametrize("text", ["x" * 65_536, "%2f" * 21_845, '{"sk_live": 1.25, "b": "xyz"}' * 2_259])
def test_a_long_text_costs_little(text: str) -> None:
    scrub = Scrubber(Secret(f"sk_live_{number}abcdefghijklmnop/+=") for number in range(5))
    best = min(_seconds(scrub, text) for _ in range(5))
    assert best < 0.05


def _seconds(scrub: Scrubber, text: str) -> float:
    started = time.perf_counter()
    scrub(text)
    return time.perf_counter() - started

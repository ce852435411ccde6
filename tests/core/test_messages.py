"""Messages: one encoder, nothing that cannot be sent, nothing shown."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coffers.errors import BadResponseError, ConfigError
from coffers.messages import AccessToken, Attempt, Query, Request, Response, SignedRequest, encode_pairs
from coffers.secret import Secret

texts = st.text(st.characters(codec="utf-8"), max_size=12)
all_pairs = st.lists(st.tuples(texts.filter(bool), texts), max_size=5)

# --- encoding ------------------------------------------------------------------------------------------------------


@given(all_pairs)
def test_what_is_encoded_can_be_decoded(pairs: list[tuple[str, str]]) -> None:
    encoded = encode_pairs(pairs)
    assert encoded.isascii()
    assert parse_qsl(encoded, keep_blank_values=True) == pairs


@pytest.mark.parametrize(
    ("pairs", "encoded"),
    [
        ([], ""),
        ([("a", "")], "a="),
        ([("a b", "c d")], "a%20b=c%20d"),
        ([("b", "2"), ("a", "1"), ("b", "1")], "b=2&a=1&b=1"),
        ([("q", "é&=+/?#%~-._")], "q=%C3%A9%26%3D%2B%2F%3F%23%25~-._"),
    ],
)
def test_the_one_encoding(pairs: list[tuple[str, str]], encoded: str) -> None:
    assert encode_pairs(pairs) == encoded
    request = Request("POST", "/v1", query=pairs, form=pairs)
    assert request.target == (f"/v1?{encoded}" if pairs else "/v1")
    assert request.body == encoded.encode()


def test_a_json_body_is_compact_utf_8_in_order() -> None:
    request = Request("POST", "/", json={"ж": [1, None, {"é": True}], "a": "x/y"})
    assert request.body == '{"ж":[1,null,{"é":true}],"a":"x/y"}'.encode()


def test_no_members_and_no_body_are_two_things() -> None:
    assert Request("POST", "/", json=()).body == b"{}"
    assert Request("POST", "/").body == b""
    assert Request("POST", "/", json=()).seal().headers == (("Content-Type", "application/json"),)
    assert Request("POST", "/").seal().headers == ()


def test_a_json_member_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="given twice"):
        Request("POST", "/", json=[("a", 1), ("a", 2)])
    with pytest.raises(ValueError, match="given twice"):
        Request("POST", "/", json={"a": 1}).seal(json={"a": 2})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_has_no_nan(value: float) -> None:
    with pytest.raises(ValueError):
        _ = Request("POST", "/", json={"a": value}).body


# --- parts ---------------------------------------------------------------------------------------------------------


def test_add_and_seal_put_parts_behind() -> None:
    begun = Request("POST", "/a", query={"q": "1"}, headers={"A": "1"}, form={"f": "1"}, host="files")
    added = begun.add(query={"q": "2"}, headers=[("A", "2")], form=[("g", "2")])
    assert begun.target == "/a?q=1"
    sealed = added.seal(query={"r": "3"}, headers={"B": "3"}, form={"f": "3"})
    assert sealed == SignedRequest(
        method="POST",
        host="files",
        target="/a?q=1&q=2&r=3",
        headers=(("A", "1"), ("A", "2"), ("B", "3"), ("Content-Type", "application/x-www-form-urlencoded")),
        body=b"f=1&g=2&f=3",
    )


def test_json_can_be_added_where_there_was_none() -> None:
    assert Request("POST", "/").add().json is None
    assert Request("POST", "/").add(json={"a": 1}).body == b'{"a":1}'
    assert Request("POST", "/", json=()).add(json=[("a", 1)]).add(json={"b": 2}).body == b'{"a":1,"b":2}'


def test_what_is_signed_is_what_is_sealed() -> None:
    whole = Request("POST", "/a", form={"z": "ö ü"}).add(form={"nonce": "7"}, query={"x": "a/b"})
    sealed = whole.seal(headers={"Sign": "s"})
    assert (sealed.target, sealed.body) == (whole.target, whole.body)


@pytest.mark.parametrize("name", ["Content-Type", "content-type"])
def test_a_content_type_of_ones_own_stays(name: str) -> None:
    assert Request("POST", "/", json=(), headers={name: "text/x"}).seal().headers == ((name, "text/x"),)


def test_form_and_json_exclude_one_another() -> None:
    with pytest.raises(ValueError, match="not both"):
        Request("POST", "/", form={"a": "1"}, json=())
    with pytest.raises(ValueError, match="not both"):
        Request("POST", "/", form={"a": "1"}).seal(json={"a": 1})
    with pytest.raises(ValueError, match="not both"):
        Request("POST", "/", json=()).seal(form={"a": "1"})


@pytest.mark.parametrize(
    "path",
    ["/", "/a", "/a/b/", "/v1/a%20b", "/a//b", "/a;v=1,2", "/a:b@c", "/...", "/.hidden", "/a..b", "/(x)!$&'*+=~"],
)
def test_a_path_that_can_be_sent(path: str) -> None:
    assert Request("GET", path).target == path


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "a",
            "//host/a",
            "http://host/",
            "https:/a",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\n",
            "/a\r\nX: 1",
            "/é",
            "/a\\b",
            "/a<b",
        ),
        *('/"', "/a|b", "/{id}", "/a%", "/a%zz", "/a\x00", "/a\x7f", "\\\\host"),
        *("/..", "/../a", "/a/..", "/a/../b", "/.", "/a/./b", "/a/%2e%2E/b", "/a/.%2e", "/%2E"),
    ],
)
def test_a_path_that_leads_elsewhere_or_cannot_be_sent(path: str) -> None:
    with pytest.raises(ValueError, match=r"^path: ") as caught:
        Request("GET", path)
    assert len(path) < 3 or path not in str(caught.value)


@pytest.mark.parametrize("method", ["", "get", "GET ", "GET\n", "G T", "GÉT", "GET1"])
def test_a_method_is_upper_case_letters(method: str) -> None:
    with pytest.raises(ValueError, match=r"^method: "):
        Request(method, "/")


@pytest.mark.parametrize("part", ["query", "headers", "form"])
@pytest.mark.parametrize("value", [1, None, True, b"x", Secret("s3cret")])
def test_nothing_is_turned_into_text(part: str, value: Any) -> None:
    for wrong in ({"a": value}, [(value, "a")]):
        parts: dict[str, Any] = {part: wrong}
        with pytest.raises(TypeError, match="must be texts"):
            Request("GET", "/", **parts)
        with pytest.raises(TypeError, match="must be texts"):
            Request("GET", "/").seal(**parts)


@pytest.mark.parametrize(
    ("value", "said"), [(Secret("s3cret"), r"Secret; \.reveal\(\) gives a Secret's text"), (1, "int")]
)
def test_the_error_for_what_is_no_text_says_how_to_mend_it(value: Any, said: str) -> None:
    with pytest.raises(TypeError, match=f"not str and {said}$"):
        Request("GET", "/").seal(query={"key": value})


def test_names_of_json_members_are_texts() -> None:
    members: Any = {1: 2}
    with pytest.raises(TypeError, match="names must be texts"):
        Request("POST", "/", json=members)


# --- headers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["\r", "\n", "\r\nEvil: 1", "\0", "é", "€", "\x7f", "\t", "\udcff"])
@pytest.mark.parametrize("place", ["s3cret{}", "{}s3cret", "s3{}cret"])
def test_a_header_value_that_cannot_be_sent_blames_the_credential(bad: str, place: str) -> None:
    value = place.format(bad)
    with pytest.raises(ConfigError) as caught:
        Request("GET", "/").seal(headers={"X-Key": value})
    assert "X-Key" in caught.value.message
    assert "cret" not in repr(caught.value).replace("credential", "")
    with pytest.raises(ConfigError):
        SignedRequest("GET", "api", "/", (("X-Key", value),), b"")


@pytest.mark.parametrize("name", ["", "X Key", "X-Key:", "X\r\nY", "Ключ", "X\0"])
def test_a_header_name_that_cannot_be_sent(name: str) -> None:
    with pytest.raises(ValueError, match=r"^a header name has characters that cannot be sent$"):
        Request("GET", "/").seal(headers={name: "v"})


@pytest.mark.parametrize(
    "part", [{"query": {"k": "s3cret\udcff"}}, {"form": {"k": "s3cret\udcff"}}, {"json": {"k": "s3cret\udcff"}}]
)
def test_a_credential_that_is_no_unicode_is_a_config_error_without_it(part: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="not valid Unicode") as caught:
        Request("POST", "/").seal(**part)
    assert caught.value.__context__ is caught.value.__cause__ is None


# --- reprs and values ----------------------------------------------------------------------------------------------


def test_reprs_show_no_content() -> None:
    parts: dict[str, Any] = {name: {"k": "s3cret"} for name in ("query", "headers", "json")}
    request = Request("POST", "/a", **parts)
    assert repr(request) == "Request(method='POST', path='/a', host='api')"
    assert "s3cret" not in repr(Request("POST", "/a", form={"k": "s3cret"}))
    assert repr(request.seal()) == "SignedRequest(method='POST', host='api')"
    assert repr(Response(200, (("Set-Cookie", "s3cret"),), b"s3cret")) == "Response(status=200)"
    assert "s3cret" not in repr(Attempt(1, 2, AccessToken(Secret("s3cret"), 60)))


@pytest.mark.parametrize(
    "value",
    [Request("GET", "/"), Request("GET", "/").seal(), Response(200), Query("s"), Attempt(1, 2)],
    ids=lambda value: type(value).__name__,
)
def test_messages_are_frozen_and_travel(value: Any) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, attrs.fields(type(value))[0].name, "other")
    assert pickle.loads(pickle.dumps(value)) == value


def test_an_evolved_request_is_rendered_anew() -> None:
    request = Request("GET", "/a", query={"q": "1"})
    assert request.target == "/a?q=1"
    assert attrs.evolve(request, path="/b").target == "/b?q=1"


# --- query ---------------------------------------------------------------------------------------------------------


def test_a_further_step_has_its_own_state_sorted() -> None:
    query: Query[str] = Query("settings").then("page", {"z": "1", "a": "2"})
    assert query == Query("settings", "page", (("a", "2"), ("z", "1")))
    assert query.get("z") == "1"
    assert query.get("none") == ""
    assert query.get("none", "x") == "x"
    assert query.then("last") == Query("settings", "last")


def test_queries_are_hashable_however_they_were_made() -> None:
    unsorted: Any = [("b", "1"), ("a", "2")]
    assert {Query("s", "page", unsorted), Query("s").then("page", {"a": "2", "b": "1"})} == {
        Query("s", "page", (("a", "2"), ("b", "1")))
    }


def test_a_step_and_its_state_are_texts() -> None:
    anything: Any = {"a": 1}
    with pytest.raises(TypeError, match="must be texts"):
        Query("s").then("page", anything)
    with pytest.raises(TypeError, match="a step must be a text, not dict"):
        Query("s").then(anything)


# --- response ------------------------------------------------------------------------------------------------------


def test_the_first_header_of_a_name_in_any_case() -> None:
    response = Response(200, (("X-One", "1"), ("x-one", "2")))
    assert response.header("X-ONE") == "1"
    assert response.header("x-two") is None


def test_the_text_is_utf_8_without_a_byte_order_mark() -> None:
    assert Response(200, (), "\ufeffБаланс".encode()).text == "Баланс"
    with pytest.raises(UnicodeDecodeError):
        _ = Response(200, (("Content-Type", "text/plain; charset=latin-1"),), b"\xe9").text


# --- attempt -------------------------------------------------------------------------------------------------------


def test_the_times_of_an_attempt() -> None:
    attempt = Attempt(1_700_000_000_987, 1)
    assert attempt.unix_s == 1_700_000_000
    assert attempt.utc == datetime(2023, 11, 14, 22, 13, 20, 987_000, tzinfo=UTC)
    assert attempt.utc.tzinfo is UTC


# --- links to further pages ----------------------------------------------------------------------------------------

PLACES = ("https://api.acme.example", "http://127.0.0.1:9001/prefix")


@pytest.mark.parametrize(
    "link",
    [
        *("?from=a%20b&limit=5", "/v2/rows?from=a+b&limit=5", "rows?limit=5&from=a%20b"),
        *("https://api.acme.example/v2/rows?from=a+b&limit=5", "HTTPS://API.ACME.EXAMPLE:443/?from=a+b&limit=5#x"),
        "http://127.0.0.1:9001/elsewhere?limit=5&from=a+b",
    ],
)
def test_a_link_is_a_cursor(link: str) -> None:
    query = Query(None, addresses=PLACES)
    assert query.linked(link) == {"from": "a b", "limit": "5"}
    assert query.then("more").linked(link) == query.linked(link)


def test_a_link_may_have_no_parameters() -> None:
    assert Query(None).linked("/v2/rows") == {}


@pytest.mark.parametrize(
    "link",
    [
        *("https://api.acme.example.evil.example/?from=a", "https://evil.example/?from=a", "//evil.example/?from=a"),
        *("http://api.acme.example/?from=a", "https://api.acme.example:444/?from=a", "http://127.0.0.1/?from=a"),
        *("https://a@api.acme.example/?from=a", "https://api.acme.example\\@evil.example/?from=a", "https://[::1/"),
        *("javascript:x?from=a", "https:?from=a", "https://api.acme.example:x/", "https:///?from=a", "ftp://x/?from=a"),
        *("?from=a&from=b", "?from=a b", "?from=ä", "", None, 5, ["?from=a"], {"href": "?from=a"}),
    ],
)
def test_a_link_to_anywhere_else_is_refused(link: object) -> None:
    with pytest.raises(BadResponseError, match=r"^a link to a further page"):
        Query(None, addresses=PLACES).linked(link)


def test_where_a_query_may_be_asked_is_no_part_of_it() -> None:
    query = Query(None, addresses=PLACES)
    assert query == Query(None)
    assert hash(query) == hash(Query(None))
    assert "acme" not in repr(query)

"""The checks of secrets and of where requests go: good plugins pass, wrong ones are told what is wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

from coffers import Endpoint, HttpTransport, NetworkError
from coffers.plugin import (
    Attempt,
    BadResponseError,
    ConfigError,
    Query,
    Request,
    Response,
    Secret,
    SignedRequest,
    Snapshot,
    structure,
)
from coffers.secret import Scrubber
from coffers.testing.canaries import AWKWARD, CANARIES, alike, find, forms, overhearing, pickled
from coffers.testing.checking import CheckFailedError
from coffers.testing.checks.safety import (
    only_sign_sees_secrets,
    requests_stay_at_home,
    secrets_are_never_shown,
    vectors_hold_no_real_secret,
)
from coffers.testing.subject import Subject
from tests.core import toy
from tests.roof.testing import kit_toy

Sign = Callable[[Request, Any, Attempt], SignedRequest]


def fails(check: Callable[[Subject], None], subject: Subject) -> str:
    """What the check says."""
    with pytest.raises(CheckFailedError) as caught:
        check(subject)
    return str(caught.value)


CHECKS = (requests_stay_at_home, only_sign_sees_secrets, vectors_hold_no_real_secret, secrets_are_never_shown)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_a_right_plugin_passes(check: Callable[[Subject], None], tmp_path: Path) -> None:
    check(kit_toy.subject(tmp_path))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_a_right_plugin_with_a_token_and_pages_passes(check: Callable[[Subject], None], tmp_path: Path) -> None:
    check(kit_toy.subject(tmp_path, kit_toy.paged(), cases=kit_toy.PAGED))


# --- requests -------------------------------------------------------------------------------------------------------


def test_a_host_of_its_own_is_noticed(tmp_path: Path) -> None:
    elsewhere = toy.plugin(request=lambda query: Request("GET", "/balances", host="evil.example"))
    said = fails(requests_stay_at_home, kit_toy.subject(tmp_path, elsewhere))
    assert said == "balance: coffers_request names a host that the manifest does not have"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"host": "other"}, "changed the host"),
        ({"method": "POST"}, "changed the method"),
        ({"target": "//evil.example/balances"}, "a target that is no path"),
        ({"target": "https://evil.example/"}, "a target that is no path"),
        ({"target": "/balances/../admin?x=1"}, "a target that is no path"),
        ({"target": "/balances/%2e%2E"}, "a target that is no path"),
    ],
)
def test_a_signer_that_leads_elsewhere_is_noticed(change: dict[str, str], words: str, tmp_path: Path) -> None:
    def sign(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
        return attrs.evolve(toy.sign(request, credentials, attempt), **change)

    said = fails(requests_stay_at_home, kit_toy.subject(tmp_path, toy.plugin(sign=sign)))
    assert said.startswith("balance: coffers_sign")
    assert words in said


@attrs.frozen
class Linked:
    """The link as the author believes it."""

    rows: Any
    next: str | None = None


def follows(part: Callable[[str], dict[str, str]]) -> Callable[[Response, Query[Any]], Any]:
    """A parser that takes more out of a link than its cursor."""

    def parse(response: Response, query: Query[Any]) -> Any:
        answer = kit_toy.paged_parse(response, query)
        link = structure(kit_toy.parsed(response), Linked).next if isinstance(answer, Snapshot) else None
        return attrs.evolve(answer, next=(query.then("balances", part(link)),)) if link else answer

    return parse


def test_a_link_that_is_followed_to_its_path_is_noticed(tmp_path: Path) -> None:
    plugin = kit_toy.paged(
        parse=follows(lambda link: {"path": urlsplit(link).path}),
        request=lambda query: Request("GET", query.get("path", "/v1/rows")),
    )
    said = fails(requests_stay_at_home, kit_toy.subject(tmp_path, plugin, cases=kit_toy.PAGED))
    assert "the next request follows the answer's link to another path; a link is a cursor" in said
    assert said.startswith("first-page with 'https://evil.example")


def test_a_link_that_is_followed_to_its_host_is_noticed(tmp_path: Path) -> None:
    def host(link: str) -> dict[str, str]:
        name = urlsplit(link).hostname or ""
        return {"host": "api" if name == "api.toy.example" else name}

    plugin = kit_toy.paged(
        parse=follows(host), request=lambda query: Request("GET", "/v1/rows", host=query.get("host", "api"))
    )
    said = fails(requests_stay_at_home, kit_toy.subject(tmp_path, plugin, cases=kit_toy.PAGED))
    assert "first-page with" in said
    assert "names a host that the manifest does not have" in said


def test_a_link_in_a_header_is_led_astray_too(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        link = (response.header("Link") or "").partition(">")[0].removeprefix("<")
        more = (query.then("balances", {"path": urlsplit(link).path}),) if link else ()
        return attrs.evolve(toy.parse(response, query), next=more)

    plugin = toy.plugin(parse=parse, request=lambda query: Request("GET", query.get("path", "/balances")))
    head, _, body = kit_toy.OK.partition("\n\n")
    answer = f"{head}\nLink: <https://api.toy.example/balances/2>; rel=next\n\n{body}"
    cases = {"balance": {**kit_toy.SIGNED, "response.http": answer}}
    said = fails(requests_stay_at_home, kit_toy.subject(tmp_path, plugin, cases=cases))
    assert "follows the answer's link" in said


def test_verbs_that_refuse_are_at_home(tmp_path: Path) -> None:
    def refuse(*inputs: object) -> Any:
        raise ConfigError("not this one")

    requests_stay_at_home(kit_toy.subject(tmp_path / "request", toy.plugin(request=refuse)))
    requests_stay_at_home(kit_toy.subject(tmp_path / "sign", toy.plugin(sign=refuse)))


# --- verbs ----------------------------------------------------------------------------------------------------------

_kept: list[str] = []


def printing(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
    print("signing with", credentials.key.reveal())  # noqa: T201  the fault
    return toy.sign(request, credentials, attempt)


def logging_it(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
    logging.getLogger("toy.sign").debug("signing with %r", credentials.key.reveal())
    return toy.sign(request, credentials, attempt)


def logging_a_traceback(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
    try:
        raise ValueError(credentials.key.reveal())
    except ValueError:
        logging.getLogger("toy.sign").exception("odd")
    return toy.sign(request, credentials, attempt)


def keeping(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
    _kept[:] = [credentials.key.reveal()]
    return toy.sign(request, credentials, attempt)


def quoting(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
    if not credentials.key.reveal().startswith("made-up"):
        raise ConfigError(f"the key {credentials.key.reveal()} must begin with made-up")
    return toy.sign(request, credentials, attempt)


def quoting_in_a_value_error(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
    if not credentials.key.reveal().startswith("made-up"):
        raise ValueError(f"invalid key: {credentials.key.reveal()!r}")
    return toy.sign(request, credentials, attempt)


def stumbling(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
    bytes.fromhex(credentials.key.reveal().removeprefix("made-up-key"))
    return toy.sign(request, credentials, attempt)


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        (printing, "balance: what was printed holds the secret (plain)"),
        (logging_it, "balance: what was logged holds the secret"),
        (logging_a_traceback, "balance: what was logged holds the secret"),
        (quoting, "balance: the repr of the error that coffers_sign raised holds the secret"),
        (quoting_in_a_value_error, "balance: the repr of the error that coffers_sign raised holds the secret"),
        (stumbling, "balance: coffers_sign raised ValueError for a secret that it cannot use; raise ConfigError"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_signer_that_tells_the_secret_is_noticed(sign: Sign, words: str, tmp_path: Path) -> None:
    assert words in fails(only_sign_sees_secrets, kit_toy.subject(tmp_path, toy.plugin(sign=sign)))


def test_a_secret_kept_for_the_next_request_is_noticed(tmp_path: Path) -> None:
    def request(query: Query[Any]) -> Request:
        return Request("GET", "/balances", query=[("last", key) for key in _kept])

    _kept.clear()
    subject = kit_toy.subject(tmp_path, toy.plugin(sign=keeping, request=request))
    assert "balance: coffers_request's answer holds the secret" in fails(only_sign_sees_secrets, subject)


def test_a_secret_kept_for_the_next_answer_is_noticed(tmp_path: Path) -> None:
    def tell(response: Response, query: Query[Any]) -> Snapshot:
        snapshot = toy.parse(response, query)
        row = attrs.evolve(snapshot.balances[0], details={"key": "".join(_kept)})
        return attrs.evolve(snapshot, balances=[row])

    def refuse(response: Response, query: Query[Any]) -> Snapshot:
        raise BadResponseError(f"not with {''.join(_kept)}")

    _kept.clear()
    subject = kit_toy.subject(tmp_path / "tell", toy.plugin(sign=keeping, parse=tell))
    assert "coffers_parse's answer holds the secret" in fails(only_sign_sees_secrets, subject)
    subject = kit_toy.subject(tmp_path / "refuse", toy.plugin(sign=keeping, parse=refuse))
    assert "the error that coffers_parse raised holds the secret" in fails(only_sign_sees_secrets, subject)


@attrs.frozen
class Talkative:
    """Credentials that keep the secret in a field that is none."""

    key: Secret
    told: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "told", self.key.reveal())


def test_credentials_that_show_the_secret_are_noticed(tmp_path: Path) -> None:
    plugin = toy.plugin(credentials=(Talkative,))
    assert "the repr of the credentials holds the secret" in fails(
        only_sign_sees_secrets, kit_toy.subject(tmp_path, plugin)
    )


@attrs.frozen
class Choosy:
    """Credentials that refuse what does not look like a key."""

    key: Secret

    def __attrs_post_init__(self) -> None:
        if not self.key.reveal().startswith("made-up-"):
            raise ConfigError("key: begins with made-up-", field="key")


def test_a_class_that_refuses_the_canaries_is_right(tmp_path: Path) -> None:
    subject = kit_toy.subject(tmp_path, toy.plugin(credentials=(Choosy,)))
    only_sign_sees_secrets(subject)
    secrets_are_never_shown(subject)  # with the recorded secret for a canary


def test_a_message_that_does_not_depend_on_the_secret_is_noticed(tmp_path: Path) -> None:
    plugin = toy.plugin(sign=lambda request, credentials, attempt: request.seal(headers={"X-Key": "constant"}))
    said = fails(only_sign_sees_secrets, kit_toy.subject(tmp_path, plugin))
    assert said == "signing ignores the secret: key can be anything, the message is the same"


def test_a_case_without_an_answer_is_looked_at_all_the_same(tmp_path: Path) -> None:
    subject = kit_toy.subject(tmp_path, toy.plugin(sign=printing), cases={"asked": kit_toy.SIGNED})
    assert fails(only_sign_sees_secrets, subject).startswith("asked: what was printed holds the secret")
    only_sign_sees_secrets(kit_toy.subject(tmp_path / "right", cases={"asked": kit_toy.SIGNED}))


def test_a_token_that_is_not_used_is_noticed(tmp_path: Path) -> None:
    def sign(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
        return request.seal()

    said = fails(only_sign_sees_secrets, kit_toy.subject(tmp_path, kit_toy.paged(sign=sign), cases=kit_toy.PAGED))
    assert said.startswith("signing ignores the secret")


def test_a_signer_that_checks_its_secret_uses_it(tmp_path: Path) -> None:
    def sign(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
        if credentials.key.reveal() != kit_toy.KEY:
            raise ConfigError("its check digit is wrong")
        return request.seal()

    only_sign_sees_secrets(kit_toy.subject(tmp_path / "checks", toy.plugin(sign=sign)))

    def refuse(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
        raise ConfigError("never")

    only_sign_sees_secrets(kit_toy.subject(tmp_path / "refuses", toy.plugin(sign=refuse)))  # an arrow sees it


# --- vectors --------------------------------------------------------------------------------------------------------


def test_a_secret_in_an_answer_is_noticed(tmp_path: Path) -> None:
    answer = kit_toy.UNKNOWN_KEY.replace("unknown key", f"unknown key {kit_toy.KEY}")
    cases = {**kit_toy.CASES, "wrong-key": {"query.json": {}, "response.http": answer}}
    said = fails(vectors_hold_no_real_secret, kit_toy.subject(tmp_path, cases=cases))
    assert said == "wrong-key/response.http holds a secret of the vectors (plain)"


def test_a_token_in_an_answer_is_noticed(tmp_path: Path) -> None:
    page = kit_toy.answered({"rows": [{"currency": "EUR", "amount": "2"}], "token": kit_toy.TOKEN})
    cases = {**kit_toy.PAGED, "second-page": {**kit_toy.PAGED["second-page"], "response.http": page}}
    said = fails(vectors_hold_no_real_secret, kit_toy.subject(tmp_path, kit_toy.paged(), cases=cases))
    assert said == "second-page/response.http holds a token of the vectors (plain)"


# --- live -----------------------------------------------------------------------------------------------------------


def test_a_parser_that_logs_answers_is_noticed(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        logging.getLogger("toy").info("the answer was %s", response.body)
        return toy.parse(response, query)

    said = fails(secrets_are_never_shown, kit_toy.subject(tmp_path, toy.plugin(parse=parse)))
    assert said.startswith("the log holds a secret that was sent (")


def test_a_parser_that_prints_answers_is_noticed(tmp_path: Path) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        print(response.body.decode("utf-8", "replace"))  # noqa: T201  the fault
        return toy.parse(response, query)

    said = fails(secrets_are_never_shown, kit_toy.subject(tmp_path, toy.plugin(parse=parse)))
    assert said.startswith("the standard output holds a secret that was sent (")


def test_a_core_that_does_not_scrub_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(response: Response, query: Query[Any]) -> Snapshot:
        raise BadResponseError(f"not understood: {response.text}")

    monkeypatch.setattr(Scrubber, "__call__", lambda self, text: text)
    said = fails(secrets_are_never_shown, kit_toy.subject(tmp_path, toy.plugin(parse=parse)))
    assert "holds the secret (" in said
    assert "that the server echoed in every text of balance" in said


def test_a_plugin_that_cannot_be_read_live_is_noticed(tmp_path: Path) -> None:
    def sign(request: Request, credentials: toy.ByKey, attempt: Attempt) -> SignedRequest:
        if attempt.nonce != 7:
            raise ConfigError("only as recorded")
        return toy.sign(request, credentials, attempt)

    said = fails(secrets_are_never_shown, kit_toy.subject(tmp_path, toy.plugin(sign=sign)))
    assert said == "no read gets as far as the server, not even with the recorded credentials"


def test_a_refusal_that_quotes_the_secret_is_scrubbed(tmp_path: Path) -> None:
    secrets_are_never_shown(kit_toy.subject(tmp_path, toy.plugin(sign=quoting)))  # by the core; another check objects


def test_a_core_that_tells_what_it_sent_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the core that only a failing connection shows."""
    send = HttpTransport.send

    def tell(self: HttpTransport, message: SignedRequest, endpoint: Endpoint, deadline: float) -> Response:
        try:
            return send(self, message, endpoint, deadline)
        except NetworkError as error:
            raise NetworkError(f"{error.message} {dict(message.headers)}") from None

    scrub = Scrubber.__call__
    monkeypatch.setattr(HttpTransport, "send", tell)
    monkeypatch.setattr(Scrubber, "__call__", lambda self, text: text if "X-Time" in text else scrub(self, text))
    said = fails(secrets_are_never_shown, kit_toy.subject(tmp_path))
    assert "holds the secret (plain) that a server got that" in said


# --- canaries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("canary", CANARIES)
def test_every_form_of_a_canary_is_found(canary: str) -> None:
    for name, text in forms(canary).items():
        assert find(f"before{text}after", canary), name
        assert find(text.upper(), canary), name
    assert find("nothing of it", canary) is None


def test_short_secrets_have_no_form_inside_base64() -> None:
    assert not [name for name in forms("abc") if name.startswith("inside")]


def test_a_secret_in_basic_authorisation_is_found() -> None:
    import base64

    for login in ("a", "ab", "abc"):
        assert find(base64.b64encode(f"{login}:{AWKWARD}:".encode()).decode(), AWKWARD)


@pytest.mark.parametrize(("secret", "other"), [("abc1", "abd1"), ("AZ", "AA"), ("z9z", "z0z"), ("--", "--x")])
def test_another_secret_of_the_same_look(secret: str, other: str) -> None:
    assert alike(secret) == other


def test_what_cannot_be_pickled_shows_nothing_in_a_pickle() -> None:
    assert pickled(lambda: None) == ""


def test_the_ear_hears_all_and_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    with overhearing() as ear:
        logging.getLogger("any.where").debug("said %s", "so")
        print("and printed")  # noqa: T201  what is to be heard
    assert "said so" in ear.logged
    assert ear.printed.getvalue() == "and printed\n"
    assert (root.level, root.handlers) == (level, handlers)
    assert caplog.text == ""

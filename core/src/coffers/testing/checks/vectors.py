"""The recorded cases: which there are, what they hold, and that every verb answers what its file says. Roof."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from typing import Any, Final

from coffers import KINDS, BadResponseError, CoffersError
from coffers.plugin import is_html
from coffers.testing.checking import CheckFailedError, check, require
from coffers.testing.subject import Subject
from coffers.testing.vectors import Case, arrow_of, read_response

_ENDS: Final = frozenset({"snapshot.json", "token.json", "error.json"})
_KNOWN: Final = _ENDS | {
    *("query.json", "credentials.json", "attempt.json"),
    *("request.http", "canonical.txt", "signed.http", "response.http"),
}

#: Kinds of errors that no answer of a provider means: they come from the core, or from signing.
_NOT_FROM_AN_ANSWER: Final = frozenset({"config", "plugin", "network", "timeout"})


@check("vectors")
def cases_are_there(subject: Subject) -> None:
    """Record what the provider documents below `vectors/<id>/`, one folder a case: without any, nothing is proven. The
    folder that is given to the kit holds the one named after the provider's id.
    """
    require(subject.cases, f"there is no recorded case of {subject.id!r}")


@check("vectors", each=lambda case: True)
def case_is_well_formed(subject: Subject, case: Case) -> None:
    """A case holds the files that `coffers.testing.vectors` names and no others: always `query.json`; what comes back
    together with exactly one of `snapshot.json`, `token.json` and `error.json`; and with `signed.http` also all it was
    made from. It proves nothing without at least one of `request.http`, `signed.http` and `response.http`.
    """
    names = case.files.keys()
    require(names <= _KNOWN, f"unknown files: {', '.join(sorted(names - _KNOWN))}")
    require("query.json" in names, "query.json is missing")
    require(names & {"request.http", "signed.http", "response.http"}, "there is nothing to compare with")
    ends = _ENDS & names
    require(("response.http" in names) == (len(ends) == 1), f"response.http beside {sorted(ends) or 'no result'}")
    if "signed.http" in names:
        needed = {"request.http", "attempt.json"}
        if subject.provider.manifest.credentials:
            needed.add("credentials.json")
        require(needed <= names, f"signed.http needs {', '.join(sorted(needed - names))} beside it")
    for name in sorted(name for name in names if name.endswith(".json")):
        fault = case.fault(name)
        require(fault is None, f"{name}: {fault}")
    if "response.http" in names:
        fault = _fault_of_response(case.files["response.http"])
        require(fault is None, f"response.http {fault}")
    if "error.json" in names:
        kind = case.json("error.json").get("kind")
        require(kind in KINDS, f"error.json: {kind!r} is no kind of error; there are {', '.join(KINDS)}")


def _fault_of_response(content: bytes) -> str | None:
    """Why a response cannot be read; an editor may have changed the ends of its lines, or its beginning."""
    try:
        read_response(content)
    except ValueError as error:
        if content.startswith(b"\xef\xbb\xbf"):
            return "begins with a byte-order mark; save it as UTF-8 without"
        if b"\r\n" in content.partition(b"\n\n")[0]:
            return "has lines that end with CR LF; save it with LF (`*.http -text` in .gitattributes lets git keep it)"
        return f"cannot be read: {error}"
    return None


def _arrow(subject: Subject, case: Case, verb: str) -> None:
    try:
        arrow = arrow_of(case, subject.plugin, verb)
    except Exception as error:
        said = error.message if isinstance(error, CoffersError) else str(error)
        raise CheckFailedError(f"coffers_{verb} raised {type(error).__name__}: {said}") from error
    require(arrow is not None, f"there is no function `canonical(request, credentials, attempt)`, but a {verb} file")
    if arrow is not None and not arrow.holds:
        difference = "\n".join(_difference(arrow.expected, arrow.actual))
        raise CheckFailedError(f"coffers_{verb} does not answer what {arrow.file} says:\n{difference}")


def _difference(expected: object, actual: object) -> list[str]:
    before, after = _lines(expected), _lines(actual)
    return list(difflib.unified_diff(before, after, "the file says", "the verb answers", lineterm="", n=2))


def _lines(value: Any) -> list[str]:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    return (value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)).split("\n")


@check("vectors", each=lambda case: "request.http" in case.files)
def request_arrow(subject: Subject, case: Case) -> None:
    """`coffers_request` must make exactly the message in `request.http` from the query in `query.json`. Correct the
    verb; or, if the provider's documents say what the verb says, the file (`coffers try --write CASE` writes it anew).
    """
    _arrow(subject, case, "request")


@check("vectors", each=lambda case: "canonical.txt" in case.files)
def canonical_arrow(subject: Subject, case: Case) -> None:
    """`canonical(request, credentials, attempt)` must give exactly the text in `canonical.txt`: the order of the parts,
    their separators, their encoding. As long as this is wrong the signature cannot be right.
    """
    _arrow(subject, case, "canonical")


@check("vectors", each=lambda case: "signed.http" in case.files)
def sign_arrow(subject: Subject, case: Case) -> None:
    """`coffers_sign` must make exactly the message in `signed.http` from the request, the made-up credentials and the
    recorded attempt. If `canonical-arrow` holds for this case, look at the digest, its encoding and where it is put.
    """
    _arrow(subject, case, "sign")


@check("vectors", each=lambda case: "response.http" in case.files and bool(_ENDS & case.files.keys()))
def parse_arrow(subject: Subject, case: Case) -> None:
    """`coffers_parse` must read the answer in `response.http` as the case's `snapshot.json`, `token.json` or
    `error.json` says. A refusal that ends as `bad_response` was not recognised; one that ends as a snapshot was
    swallowed, which is the worst of all faults.
    """
    _arrow(subject, case, "parse")


@check("vectors")
def signing_steps_are_recorded(subject: Subject) -> None:
    """If the signature is made from a text, show it: a function `canonical(request, credentials, attempt)` in the
    plugin and a `canonical.txt` beside every `signed.http`. A wrong signature then names the step that is wrong.
    """
    if getattr(subject.plugin, "canonical", None) is None:
        return
    without = [case.name for case in subject.cases if "signed.http" in case.files and "canonical.txt" not in case.files]
    require(not without, f"canonical.txt is missing in {', '.join(without)}")


# --- which cases there must be -------------------------------------------------------------------------------------


def _required(subject: Subject, what: str, fits: Callable[[Case, str], bool]) -> None:
    require(any(fits(case, kind) for case, kind in subject.errors), f"no recorded case shows {what}")


def _status(case: Case) -> int:
    return read_response(case.files["response.http"]).status


@check("completeness")
def success_is_recorded(subject: Subject) -> None:
    """Record a documented success with all of its files: `query.json`, `credentials.json`, `attempt.json`,
    `request.http`, `signed.http`, `response.http`, `snapshot.json`, with at least one balance.
    """
    require(subject.main_case, "no recorded case shows a success")


@check("completeness")
def wrong_credentials_are_recorded(subject: Subject) -> None:
    """Record what the provider answers to a wrong key: `error.json` then has the kind `auth` (or `permission`, for a
    provider that does not tell the two apart).
    """
    _required(subject, "wrong credentials", lambda case, kind: kind in ("auth", "permission"))


@check("completeness")
def malformed_answer_is_recorded(subject: Subject) -> None:
    """Record an answer with HTTP 200 that is nearly right, with the amount missing, say: kind `bad_response`."""
    _required(
        subject,
        "a malformed answer (HTTP 200, no page, bad_response)",
        lambda case, kind: kind == "bad_response" and _status(case) == 200 and not _is_page(case),
    )


@check("completeness")
def page_instead_of_answer_is_recorded(subject: Subject) -> None:
    """Record an HTML page that comes with HTTP 200, as captive portals and maintenance pages do: `bad_response`."""
    _required(
        subject,
        "an HTML page with HTTP 200 (bad_response)",
        lambda case, kind: kind == "bad_response" and _status(case) == 200 and _is_page(case),
    )


@check("completeness")
def server_error_is_recorded(subject: Subject) -> None:
    """Record an answer with a status of 500 or above: kind `unavailable`, whatever its body is."""
    _required(
        subject,
        "a server error (HTTP 5xx, unavailable)",
        lambda case, kind: kind == "unavailable" and _status(case) >= 500,
    )


@check("completeness")
def claimed_kinds_are_recorded(subject: Subject) -> None:
    """Every class of error that the plugin's modules name is a promise to recognise something. Record an answer for
    each, or do not import the class.
    """
    claimed = {
        value.kind
        for module in subject.modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, CoffersError) and value is not CoffersError
    }
    shown = {kind for _, kind in subject.errors}
    missing = sorted(claimed - shown - _NOT_FROM_AN_ANSWER - {BadResponseError.kind})
    require(not missing, f"the plugin names errors that no recorded case shows: {', '.join(missing)}")


def _is_page(case: Case) -> bool:
    return is_html(read_response(case.files["response.http"]))

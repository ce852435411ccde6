"""The verbs are pure functions: same input, same output; nothing read from or done to the world. Roof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from coffers import CoffersError, parse_guarded
from coffers.plugin import Query
from coffers.testing.checking import check, require
from coffers.testing.plain import plain
from coffers.testing.subject import Subject
from coffers.testing.vectors import Case, read_response
from coffers.testing.watch import ImpureError, other_time_zone, watched


def _calls(subject: Subject, case: Case) -> Iterator[tuple[str, Callable[..., Any], tuple[Any, ...]]]:
    """Each verb with inputs of its own, as the case has them."""
    provider = subject.provider
    query: Query[Any] = case.query(provider.manifest)
    yield "coffers_request", provider.request, (query,)
    if "credentials.json" in case.files or not provider.manifest.credentials:
        request = provider.request(query)
        yield "coffers_sign", provider.sign, (request, case.credentials(provider.manifest), case.attempt)
    if "response.http" in case.files:
        response = read_response(case.files["response.http"])
        yield "coffers_parse", lambda response, query: parse_guarded(provider.parse, query, response), (response, query)


def _answer(verb: Callable[..., Any], inputs: tuple[Any, ...]) -> Any:
    try:
        return plain(verb(*inputs))
    except CoffersError as error:
        return (type(error), error.message, error.code)


@check("safety", each=lambda case: True)
def verbs_are_pure(subject: Subject, case: Case) -> None:
    """A verb may use its arguments and nothing else. Take the time and the nonce from `attempt`; ask for nothing from
    the environment, files, sockets, random numbers, threads or the log, and print nothing. A time without a zone
    depends on where the machine is: make it aware with the zone the provider documents.
    """
    for name, verb, inputs in _calls(subject, case):
        before = plain(inputs)
        first = _answer(verb, inputs)  # also does what is done once, such as cattrs' code for a class
        try:
            with watched():
                again = _answer(verb, inputs)
        except ImpureError as error:
            require(False, f"{name} is not pure: it uses {error}")
            return
        require(first == again, f"{name} answered something else when asked the same again")
        require(plain(inputs) == before, f"{name} changed what it was given")
        with other_time_zone():
            require(_answer(verb, inputs) == first, f"{name} depends on this machine's time zone")

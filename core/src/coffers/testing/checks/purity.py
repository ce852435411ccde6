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
from coffers.testing.watch import ImpureError, Watch, other_time_zone


def _verbs(subject: Subject, case: Case) -> Iterator[tuple[str, Callable[..., Any], tuple[Any, ...]]]:
    """Each verb with inputs of its own, as the case has them."""
    provider = subject.provider
    query: Query[Any] = case.query(provider.manifest)
    yield "coffers_request", provider.request, (query,)
    if "credentials.json" in case.files or not provider.manifest.credentials:
        request = provider.request(query)
        yield "coffers_sign", provider.sign, (request, case.credentials(provider.manifest), case.attempt)
    if "response.http" in case.files:
        yield "coffers_parse", provider.parse, (read_response(case.files["response.http"]), query)


def _answer(name: str, verb: Callable[..., Any], inputs: tuple[Any, ...]) -> Any:
    """What the verb answers or raises, as the core takes it."""
    try:
        if name == "coffers_parse":
            response, query = inputs
            return plain(parse_guarded(verb, query, response))
        return plain(verb(*inputs))
    except (CoffersError, ImpureError) as error:
        return (type(error), str(error))


@check("safety", each=lambda case: True)
def verbs_are_pure(subject: Subject, case: Case) -> None:
    """A verb may use its arguments and nothing else. Take the time and the nonce from `attempt`; ask for nothing from
    the environment, files, sockets, random numbers, threads or the log, and print nothing. A time without a zone
    depends on where the machine is: make it aware with the zone the provider documents.
    """
    for name, verb, inputs in _verbs(subject, case):
        before = plain(inputs)
        first = _answer(name, verb, inputs)  # also does what is done once, such as cattrs' code for a class
        watch = Watch()
        again = _answer(name, watch.over(verb), inputs)
        require(not watch.reached, f"{name} is not pure: it uses {', '.join(watch.reached)}")
        require(first == again, f"{name} answered something else when asked the same again")
        require(plain(inputs) == before, f"{name} changed what it was given")
        with other_time_zone():
            require(_answer(name, verb, inputs) == first, f"{name} depends on this machine's time zone")

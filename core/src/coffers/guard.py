"""What an answer counts as: a provider's `parse`, guarded.

Floor 3. `parse` may be naive, and may never end: whatever it raises that is no word of the provider's becomes the error
that the HTTP status means, or `bad_response`. No redirect is an answer, and no figure comes from an error status.
"""

from __future__ import annotations

from collections.abc import Callable
from traceback import walk_tb
from typing import Any, Final
from urllib.parse import urlsplit

from .amounts import exact
from .bounds import PASSING, bounded
from .errors import FACTS, KINDS, BadResponseError, CoffersError, PluginError
from .messages import AccessToken, Query, Response
from .models import Snapshot
from .secret import Secret
from .statuses import status_error

__all__ = ["check_query", "known_error", "parse_guarded", "place_of"]

#: Seconds that `parse` may take where nobody says otherwise; it needs milliseconds.
PARSE_WITHIN_S: Final = 15.0
#: The characters of all labels and details of a snapshot: no answer holds more.
MAX_CHARACTERS: Final = 1024 * 1024
#: A token's life is counted in a float; this is longer than anything lives.
LONGEST_LIFETIME_S: Final = 1e18


def parse_guarded(
    parse: Callable[[Response, Query[Any]], Snapshot | AccessToken],
    query: Query[Any],
    response: Response,
    *,
    within_s: float = PARSE_WITHIN_S,
) -> Snapshot | AccessToken:
    """What the provider's `coffers_parse` makes of the answer, in exact arithmetic and under the rules of the core.

    Args:
        parse: the provider's.
        query: what was asked.
        response: the answer.
        within_s: seconds `parse` may take.

    Raises:
        CoffersError: the provider's own words where `parse` raised such an error, else what is said above. Texts are
            not scrubbed yet.
    """
    if 300 <= response.status < 400:
        raise BadResponseError(_redirect(response))
    try:
        with exact():
            answer = bounded(parse, response, query, limit_s=within_s, complaint="coffers_parse did not end within")
    except BadResponseError as error:
        failure: CoffersError = error
    except CoffersError:
        raise  # the provider's own words stand
    except PASSING:
        raise
    except Exception as error:  # noqa: BLE001  foreign code may raise anything; the status knows better, or the place
        failure = BadResponseError(f"the answer has not the documented form ({place_of(error)})")
    except BaseException as error:  # noqa: BLE001  SystemExit, say: no answer makes one leave
        raise PluginError(f"coffers_parse raised {place_of(error)}") from None
    else:
        if not isinstance(answer, Snapshot | AccessToken):  # pyright: ignore[reportUnnecessaryIsInstance]  foreign code may answer anything
            raise PluginError("coffers_parse must answer a Snapshot or an AccessToken")
        _check_answer(answer)
        if response.status < 400 or (isinstance(answer, Snapshot) and answer.next and not answer.balances):
            return answer
        failure = status_error(response)  # no figure comes from an error status
    if response.status >= 400:
        failure = status_error(response)
    raise failure from None


def _check_answer(answer: Snapshot | AccessToken) -> None:
    """Refuse what a single answer cannot hold, and what the flow could not go on with."""
    if isinstance(answer, AccessToken):
        lifetime_s: Any = answer.lifetime_s  # foreign code may give anything
        sound = isinstance(lifetime_s, int | float) and abs(lifetime_s) < LONGEST_LIFETIME_S
        if not sound or not isinstance(answer.value, Secret):  # pyright: ignore[reportUnnecessaryIsInstance]  foreign code may answer anything
            raise PluginError("coffers_parse must answer an AccessToken of a Secret and a number of seconds")
        return
    for query in answer.next:
        check_query(query)
    characters = sum(len(text) for query in answer.next for pair in query.state for text in (query.step, *pair))
    for row in answer.balances:
        if row.network or row.wallet or row.details:  # codes of currencies are short by themselves
            characters += len(row.network or "") + len(row.wallet or "")
            characters += sum(len(name) + len(text) for name, text in row.details.items())
    if characters > MAX_CHARACTERS:
        raise PluginError(f"coffers_parse made more than {MAX_CHARACTERS} characters of one answer")


def check_query(query: Query[Any]) -> None:
    """Refuse a query that cannot be told from others.

    Raises:
        PluginError: its settings, which are the plugin's own, cannot be hashed.
    """
    try:
        hash(query)
    except Exception as error:  # noqa: BLE001  foreign code may raise anything
        raise PluginError(f"the settings of a query cannot be hashed ({type(error).__name__})") from None


def known_error(error: CoffersError) -> CoffersError:
    """`error`, as one of the twelve classes: a plugin's own class may lack facts or refuse to be made again."""
    known: set[type] = set(KINDS.values())
    cls: type[CoffersError] = next((cls for cls in type(error).__mro__ if cls in known), PluginError)
    if cls is type(error):
        return error
    facts = {name: getattr(error, name, None) for name in FACTS if name != "attempts"}
    return cls(getattr(error, "message", type(error).__name__), **facts)


def _redirect(response: Response) -> str:
    try:
        host = urlsplit(response.header("location") or "").hostname
    except ValueError:
        host = None
    return f"HTTP {response.status}, a redirect{f' to {host}' if host else ''}; redirects are never followed"


def place_of(error: BaseException) -> str:
    """The class of a foreign exception and the plugin's line it came from; its text may hold anything, never shown."""
    lines = [(str(frame.f_globals.get("__name__")), number) for frame, number in walk_tb(error.__traceback__)]
    foreign = [(module, number) for module, number in lines if not module.startswith("coffers.")]
    module, line = (foreign or lines or [("?", 0)])[-1]
    return f"{type(error).__name__} at {module}:{line}"

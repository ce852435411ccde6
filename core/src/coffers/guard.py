"""What an answer counts as: a provider's `parse`, guarded.

Floor 3. `parse` may be naive: whatever it raises that is no word of the provider's becomes the error that the HTTP
status means, or `bad_response`. No redirect is an answer, and no figure comes from an error status.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from .amounts import exact
from .errors import BadResponseError, CoffersError, PluginError
from .messages import AccessToken, Query, Response
from .models import Snapshot
from .statuses import status_error

__all__ = ["parse_guarded", "place_of"]


def parse_guarded(
    parse: Callable[[Response, Query[Any]], Snapshot | AccessToken], query: Query[Any], response: Response
) -> Snapshot | AccessToken:
    """What the provider's `coffers_parse` makes of the answer, in exact arithmetic and under the rules of the core.

    Raises:
        CoffersError: the provider's own words where `parse` raised such an error, else what is said above. Texts are
            not scrubbed yet.
    """
    if 300 <= response.status < 400:
        raise BadResponseError(_redirect(response))
    try:
        with exact():
            answer = parse(response, query)
    except BadResponseError as error:
        failure: CoffersError = error
    except CoffersError:
        raise  # the provider's own words stand
    except Exception as error:  # noqa: BLE001  foreign code may raise anything; the status knows better, or the place
        failure = BadResponseError(f"the answer has not the documented form ({place_of(error)})")
    else:
        if not isinstance(answer, Snapshot | AccessToken):  # pyright: ignore[reportUnnecessaryIsInstance]  foreign code may answer anything
            raise PluginError("coffers_parse must answer a Snapshot or an AccessToken")
        if response.status < 400 or (isinstance(answer, Snapshot) and answer.next and not answer.balances):
            return answer
        failure = status_error(response)  # no figure comes from an error status
    if response.status >= 400:
        failure = status_error(response)
    raise failure from None


def _redirect(response: Response) -> str:
    try:
        host = urlsplit(response.header("location") or "").hostname
    except ValueError:
        host = None
    return f"HTTP {response.status}, a redirect{f' to {host}' if host else ''}; redirects are never followed"


def place_of(error: BaseException) -> str:
    """The class of a foreign exception and where it was raised; its text may hold anything and is never shown."""
    traceback = error.__traceback__
    module, line = "?", 0
    while traceback is not None:
        module, line = traceback.tb_frame.f_globals.get("__name__", "?"), traceback.tb_lineno
        traceback = traceback.tb_next
    return f"{type(error).__name__} at {module}:{line}"

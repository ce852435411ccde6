"""ElevenLabs' ways to say no, all in the member ``detail``.

    {"type": "authentication_error", "code": "unauthorized", "message": "...", "status": "missing_permissions"}
    {"status": "invalid_api_key", "message": "..."}     older
    "..."                                               a text
    [{"loc": [...], "msg": "...", "type": "..."}]       HTTP 422

The page calls `status` a thing of the past. Where it differs from `code` it says more all the same: "unauthorized"
stands for a wrong key and for a restricted one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from coffers.plugin import AuthError, CoffersError, PermissionDeniedError, Response, members, refusal

#: What counts whatever the HTTP status is. A restricted key is documented with 403 and a code of its own, and was seen
#: to get 401 with "missing_permissions". A right key behind a proxy was seen to get 401, too.
_CODES: Final[Mapping[str | int, type[CoffersError]]] = {
    "missing_permissions": PermissionDeniedError,
    "insufficient_permissions": PermissionDeniedError,
    "detected_unusual_activity": PermissionDeniedError,
    "invalid_api_key": AuthError,
    "missing_api_key": AuthError,
}


def refused(response: Response, detail: Any) -> CoffersError:
    """The error that a refusal means.

    Args:
        response: what came back.
        detail: the member of that name, whatever it holds.
    """
    told = members(detail)
    words = told.get("message") if told else detail
    code = next((told[name] for name in ("status", "code") if isinstance(told.get(name), str)), None)
    return refusal(response, words, code, _CODES)

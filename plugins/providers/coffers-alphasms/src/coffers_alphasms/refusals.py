"""The words AlphaSMS says no with; neither protocol has codes. The one place to add a further text."""

from __future__ import annotations

from coffers.plugin import AuthError, CoffersError, Response, refusal

#: Lower-cased texts of the balance pages (as of 2026-11). One account serves both protocols, so both know both texts.
_CLASSES: dict[str, type[CoffersError]] = {
    "access denied": AuthError,  # JSON: wrong key, API switched off, or not allowed; the text does not tell which
    "wrong login/password": AuthError,  # HTTP: also said of a wrong key
}


def refused(response: Response, *texts: str) -> CoffersError:
    """The error that `texts` mean: the first known one decides, else the HTTP status, else it is `rejected`."""
    words = "; ".join(text for text in texts if text)
    for text in texts:
        if cls := _CLASSES.get(text.strip().lower()):
            return cls(words)
    return refusal(response, words or "refused without a reason")

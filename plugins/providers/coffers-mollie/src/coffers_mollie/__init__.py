"""Mollie: GET ``/v2/balances``, page by page. The manifest; the verbs are in the files of their names."""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import Settings, coffers_request
from .sign import ByToken, coffers_sign

__all__ = ["ByToken", "Settings", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, ByToken]:
    """The manifest."""
    return Provider(
        id="mollie",
        title="Mollie",
        docs="https://docs.mollie.com/reference/list-balances",
        base_urls={"api": "https://api.mollie.com"},
        settings=Settings,
        credentials=(ByToken,),
        permission="an organisation access token with balances.read alone; an API key of a profile is not enough",
        not_covered="settlements and what is on its way to your bank",
    )

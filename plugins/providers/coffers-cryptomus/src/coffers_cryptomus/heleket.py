"""Heleket: the manifest. The verbs are those of the package."""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import Merchant, canonical, coffers_sign

__all__ = ["Merchant", "canonical", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, Merchant]:
    """The manifest."""
    return Provider(
        id="heleket",
        title="Heleket",
        docs="https://doc.heleket.com/other/balance",
        base_urls={"api": "https://api.heleket.com"},
        credentials=(Merchant,),
        permission="the merchant's payment API key; no page tells of one for reading alone",
        not_covered="networks, invoices not yet paid, wallets of other merchants",
    )

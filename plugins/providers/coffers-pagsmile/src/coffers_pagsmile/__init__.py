"""Pagsmile (Transfersmile), the payout platform: POST ``/api/balance``, signed.

The manifest; the verbs are in the files of their names.
"""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import Settings, coffers_request
from .sign import App, canonical, coffers_sign

__all__ = ["App", "Settings", "canonical", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, App]:
    """The manifest."""
    return Provider(
        id="pagsmile",
        title="Pagsmile",
        docs="https://docs.pagsmile.com/payout/account-balance",
        base_urls={"api": "https://api.transfersmile.com", "sandbox": "https://sandbox.transfersmile.com"},
        settings=Settings,
        credentials=(App,),
        permission="an app of the payout platform; your address must be in its list if it has one",
        not_covered="the pay-in product: it has other hosts and other signatures",
    )

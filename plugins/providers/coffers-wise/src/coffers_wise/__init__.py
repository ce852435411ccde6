"""Wise: the profiles of a user, then the balances of each. The manifest; the verbs are in the files of their names."""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import Settings, coffers_request
from .sign import ByToken, coffers_sign

__all__ = ["ByToken", "Settings", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, ByToken]:
    """The manifest."""
    return Provider(
        id="wise",
        title="Wise",
        docs="https://docs.wise.com/api-reference/balance/balancelist",
        base_urls={"api": "https://api.wise.com", "sandbox": "https://api.wise-sandbox.com"},
        settings=Settings,
        credentials=(ByToken,),
        permission="a personal API token, read-only where Wise offers that, or an OAuth user token",
        not_covered="money that is on its way in, overdrafts, and renewing OAuth tokens",
    )

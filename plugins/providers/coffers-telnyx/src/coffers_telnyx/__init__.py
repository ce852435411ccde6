"""Telnyx: GET ``/v2/balance``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import ByKey, coffers_sign

__all__ = ["ByKey", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByKey]:
    """The manifest."""
    return Provider(
        id="telnyx",
        title="Telnyx",
        docs="https://developers.telnyx.com/api-reference/billing/get-user-balance-details",
        base_urls={"api": "https://api.telnyx.com"},
        credentials=(ByKey,),
        permission="an API key of the account; no page says that one can be limited to reading",
        not_covered="which way the pending amount goes; the balances of managed accounts",
    )

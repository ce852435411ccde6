"""Vultr: GET ``/v2/account``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import ByKey, coffers_sign

__all__ = ["ByKey", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByKey]:
    """The manifest."""
    return Provider(
        id="vultr",
        title="Vultr",
        docs="https://www.vultr.com/api/#tag/account/operation/get-account",
        base_urls={"api": "https://api.vultr.com"},
        credentials=(ByKey,),
        permission="the API key of a user whose only policy action is account.billing.Read, held to your IP addresses",
        not_covered="promotional credit that is given apart and when it expires; no page says whether it is counted",
        polarity="owed",
    )

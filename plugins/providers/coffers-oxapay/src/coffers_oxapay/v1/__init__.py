"""OxaPay, v1: GET ``/v1/general/account/balance``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import Provider, hookimpl
from coffers_oxapay.currencies import Settings

from .parse import coffers_parse
from .request import coffers_request
from .sign import ByKey, coffers_sign

__all__ = ["ByKey", "Settings", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, ByKey]:
    """The manifest."""
    return Provider(
        id="oxapay-v1",
        title="OxaPay",
        docs="https://docs.oxapay.com/api-reference/common/account-balance",
        base_urls={"api": "https://api.oxapay.com"},
        settings=Settings,
        credentials=(ByKey,),
        permission="a General API key; a merchant or payout key is not valid here",
        not_covered="networks: a symbol is told once, whatever chains it came by",
    )

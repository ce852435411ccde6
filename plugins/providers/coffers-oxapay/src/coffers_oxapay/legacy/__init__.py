"""OxaPay, legacy: POST ``/api/balance``. The manifest; the verbs are in the files of their names."""

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
        id="oxapay",
        title="OxaPay (legacy)",
        docs="https://docs.oxapay.com/legacy/api-reference/account-balance",
        base_urls={"api": "https://api.oxapay.com"},
        settings=Settings,
        credentials=(ByKey,),
        permission="a payout API key; your address must be in its list if it has one",
        not_covered="networks: a symbol is told once, whatever chains it came by",
    )

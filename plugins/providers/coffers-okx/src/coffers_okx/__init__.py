"""OKX, the exchange: GET ``/api/v5/account/balance`` and ``/api/v5/asset/balances``, signed in headers.

The manifest; the verbs are in the files of their names.
"""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import Settings, coffers_request
from .sign import ApiKey, canonical, coffers_sign

__all__ = ["ApiKey", "Settings", "canonical", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, ApiKey]:
    """The manifest."""
    return Provider(
        id="okx",
        title="OKX",
        docs="https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-balance",
        base_urls={
            "global": "https://openapi.okx.com",
            "us": "https://us.okx.com",
            "eea": "https://eea.okx.com",
            "tr": "https://tr.okx.com",
        },
        settings=Settings,
        credentials=(ApiKey,),
        permission='an API key with the permission "Read" alone',
        not_covered="Earn, loans, staking and sub-accounts; positions but for their part in a currency's equity",
    )

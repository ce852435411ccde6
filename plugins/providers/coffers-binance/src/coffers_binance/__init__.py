"""Binance, the exchange: GET ``/api/v3/account``, signed in the query; the funding wallet too where it is asked for.

The manifest; the verbs are in the files of their names.
"""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import Settings, coffers_request
from .sign import HmacKey, canonical, coffers_sign

__all__ = ["HmacKey", "Settings", "canonical", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, HmacKey]:
    """The manifest."""
    return Provider(
        id="binance",
        title="Binance",
        docs="https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints",
        base_urls={
            "production": "https://api.binance.com",
            "testnet": "https://testnet.binance.vision",
            "demo": "https://demo-api.binance.com",
        },
        settings=Settings,
        credentials=(HmacKey,),
        permission='an HMAC key with nothing but "Enable Reading", which is what a new key has',
        not_covered="margin, futures, options, Earn and sub-accounts; RSA and Ed25519 keys; Binance.US",
    )

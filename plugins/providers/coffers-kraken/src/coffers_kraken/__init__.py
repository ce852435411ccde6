"""Kraken, the exchange: POST ``/0/private/BalanceEx``, signed, with a nonce that must rise.

The manifest; the verbs are in the files of their names, the asset codes in `assets`.
"""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import KeyPair, coffers_sign

__all__ = ["KeyPair", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, KeyPair]:
    """The manifest."""
    return Provider(
        id="kraken",
        title="Kraken",
        docs="https://docs.kraken.com/api-reference/account-data/get-extended-balance",
        base_urls={"api": "https://api.kraken.com"},
        credentials=(KeyPair,),
        one_at_a_time=True,  # requests that overtake one another would arrive with a falling nonce
        permission="Funds permissions: Query, and nothing else; a key that no other program uses",
        not_covered="futures, margin positions, amounts on their way in, keys that want a one-time password",
    )

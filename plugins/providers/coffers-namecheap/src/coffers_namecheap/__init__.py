"""Namecheap: ``namecheap.users.getBalances``, answered in XML.

The manifest; the verbs are in the files of their names.
"""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import Settings, coffers_request
from .sign import ByApiKey, coffers_sign

__all__ = ["ByApiKey", "Settings", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, ByApiKey]:
    """The manifest."""
    return Provider(
        id="namecheap",
        title="Namecheap",
        docs="https://www.namecheap.com/support/api/methods/users/get-balances/",
        base_urls={"api": "https://api.namecheap.com", "sandbox": "https://api.sandbox.namecheap.com"},
        settings=Settings,
        credentials=(ByApiKey,),
        permission="the account's API key, which opens everything; your address must be in the account's list",
        not_covered="what single domains will cost; only the sum that auto-renewal needs is told",
    )

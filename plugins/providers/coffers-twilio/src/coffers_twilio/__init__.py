"""Twilio: GET ``/2010-04-01/Accounts/{AccountSid}/Balance.json``.

The manifest; the verbs are in the files of their names.
"""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import Settings, coffers_request
from .sign import ByApiKey, ByAuthToken, coffers_sign

__all__ = [
    "ByApiKey",
    "ByAuthToken",
    "Settings",
    "coffers_parse",
    "coffers_provider",
    "coffers_request",
    "coffers_sign",
]


@hookimpl
def coffers_provider() -> Provider[Settings, ByApiKey | ByAuthToken]:
    """The manifest."""
    return Provider(
        id="twilio",
        title="Twilio",
        docs="https://support.twilio.com/hc/en-us/articles/360025294494-Check-Your-Twilio-Account-Balance",
        base_urls={"api": "https://api.twilio.com"},
        settings=Settings,
        credentials=(ByApiKey, ByAuthToken),
        permission="a standard API key, or the account's auth token; no page names a permission for the balance alone",
        not_covered="sub-accounts: they hold no balance of their own; ask for the main account's",
    )

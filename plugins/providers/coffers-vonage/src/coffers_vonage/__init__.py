"""Vonage (Nexmo): GET ``/account/get-balance``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import ByKeyAndSecret, coffers_sign

__all__ = ["ByKeyAndSecret", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByKeyAndSecret]:
    """The manifest."""
    return Provider(
        id="vonage",
        title="Vonage",
        docs="https://developer.vonage.com/en/api/account",
        base_urls={"api": "https://rest.nexmo.com"},
        credentials=(ByKeyAndSecret,),
        permission="the account's API key and secret; no page says that they can be limited to reading",
        not_covered="an account of the Video API: it is another one",
    )

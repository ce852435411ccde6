"""DigitalOcean: GET ``/v2/customers/my/balance``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import ByToken, coffers_sign

__all__ = ["ByToken", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByToken]:
    """The manifest."""
    return Provider(
        id="digitalocean",
        title="DigitalOcean",
        docs="https://docs.digitalocean.com/reference/api/digitalocean/#tag/Billing",
        base_urls={"api": "https://api.digitalocean.com"},
        credentials=(ByToken,),
        permission="a personal access token with the one scope billing:read",
        not_covered="single promotional credits and when they expire; the prepayment balance, which is another call",
        polarity="owed",
    )

"""Linode (Akamai Cloud): GET ``/v4/account``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import ByToken, coffers_sign

__all__ = ["ByToken", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByToken]:
    """The manifest."""
    return Provider(
        id="linode",
        title="Linode",
        docs="https://techdocs.akamai.com/linode-api/reference/get-account",
        base_urls={"api": "https://api.linode.com"},
        credentials=(ByToken,),
        permission="a personal access token with the one scope account:read_only",
        not_covered="charges for transfer, which the month's estimate leaves out",
        polarity="owed",
    )

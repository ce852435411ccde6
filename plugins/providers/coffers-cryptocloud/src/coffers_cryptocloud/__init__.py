"""CryptoCloud: POST ``/v2/merchant/wallet/balance/all``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import ByKey, coffers_sign

__all__ = ["ByKey", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByKey]:
    """The manifest."""
    return Provider(
        id="cryptocloud",
        title="CryptoCloud",
        docs="https://docs.cryptocloud.plus/en/api-reference-v2/balance",
        base_urls={"api": "https://api.cryptocloud.plus"},
        credentials=(ByKey,),
        permission="the project's API key; no page says that it can be limited to reading",
        not_covered="amounts on their way in; no page tells them",
    )

"""DeepSeek: ``GET /user/balance``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import ByKey, coffers_sign

__all__ = ["ByKey", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByKey]:
    """The manifest."""
    return Provider(
        id="deepseek",
        title="DeepSeek",
        docs="https://api-docs.deepseek.com/api/get-user-balance",
        base_urls={"api": "https://api.deepseek.com"},
        credentials=(ByKey,),
        permission="any API key of the account; no page says that it can be limited to reading",
        not_covered="when granted credit expires; the answer does not tell it",
    )

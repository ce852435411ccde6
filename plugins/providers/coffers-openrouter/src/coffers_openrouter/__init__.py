"""OpenRouter: ``GET /api/v1/credits``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import ByKey, coffers_sign

__all__ = ["ByKey", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByKey]:
    """The manifest."""
    return Provider(
        id="openrouter",
        title="OpenRouter",
        docs="https://openrouter.ai/docs/api/api-reference/credits/get-credits",
        base_urls={"api": "https://openrouter.ai"},
        credentials=(ByKey,),
        permission="a management key; a key for inference is refused, or sees zeros",
        not_covered="limits of single keys, money spent with keys of other providers (BYOK), when credit expires",
    )

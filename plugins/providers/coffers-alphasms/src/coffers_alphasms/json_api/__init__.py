"""AlphaSMS, JSON API: POST ``/api/json.php``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import NoSettings, Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .sign import ByKey, coffers_sign

__all__ = ["ByKey", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[NoSettings, ByKey]:
    """The manifest."""
    return Provider(
        id="alphasms",
        title="AlphaSMS",
        docs="https://docs.alphasms.net/api/json",
        base_urls={"api": "https://alphasms.ua"},
        credentials=(ByKey,),
        permission="the account's API key, with the API switched on and your address in its list if it has one",
        not_covered="what the one figure counts: held and pending sums are not told apart",
    )

"""AlphaSMS, HTTP API: form in, text out, ``/api/http.php``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import Settings, coffers_request
from .sign import ByKey, ByLogin, coffers_sign

__all__ = ["ByKey", "ByLogin", "Settings", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, ByKey | ByLogin]:
    """The manifest."""
    return Provider(
        id="alphasms-http",
        title="AlphaSMS (HTTP API)",
        docs="https://github.com/OneNoxTi/sms-api/blob/main/docs/api/http/balance.md",
        base_urls={"api": "https://alphasms.ua"},
        settings=Settings,
        credentials=(ByKey, ByLogin),
        permission="the account's API key, or its login and password, with the API switched on",
        not_covered="the currency: this protocol names none, so the config does; prefer the provider alphasms",
    )

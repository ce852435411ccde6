"""Any service that tells a balance as JSON in answer to one request: what to ask and where to look is in the config.

The manifest; the verbs are in the files of their names, the config keys in `settings`.
"""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import coffers_request
from .settings import Settings
from .sign import ByKey, coffers_sign

__all__ = ["ByKey", "Settings", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, ByKey]:
    """The manifest."""
    return Provider(
        id="http-json",
        title="JSON over HTTP",
        docs="https://www.rfc-editor.org/rfc/rfc6901",
        url_field="url",
        settings=Settings,
        credentials=(ByKey,),
        permission="whatever the service asks for to read a balance, and no more",
        not_covered="signatures, access tokens, pages, several requests; they need a plugin of their own",
    )

"""ElevenLabs: ``GET /v1/user/subscription``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import Settings, coffers_request
from .sign import ByKey, coffers_sign

__all__ = ["ByKey", "Settings", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, ByKey]:
    """The manifest."""
    return Provider(
        id="elevenlabs",
        title="ElevenLabs",
        docs="https://elevenlabs.io/docs/api-reference/user/subscription/get",
        base_urls={
            "api": "https://api.elevenlabs.io",
            "us": "https://api.us.elevenlabs.io",
            "eu": "https://api.eu.residency.elevenlabs.io",
            "in": "https://api.in.residency.elevenlabs.io",
            "sg": "https://api.sg.residency.elevenlabs.io",
        },
        settings=Settings,
        credentials=(ByKey,),
        permission="an API key with the permission user_read (User, Read) and no other",
        not_covered="credit limits of single keys, credit bought beside the subscription, when credit expires",
    )

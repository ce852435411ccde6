"""Stripe: GET ``/v1/balance``. The manifest; the verbs are in the files of their names."""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import Settings, coffers_request
from .sign import ByKey, coffers_sign

__all__ = ["ByKey", "Settings", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, ByKey]:
    """The manifest."""
    return Provider(
        id="stripe",
        title="Stripe",
        docs="https://docs.stripe.com/api/balance",
        base_urls={"api": "https://api.stripe.com"},
        settings=Settings,
        credentials=(ByKey,),
        permission="a restricted key with Read for Balance and nothing else",
        not_covered="Treasury financial accounts, payouts on their way, what each kind of payment brought in",
    )

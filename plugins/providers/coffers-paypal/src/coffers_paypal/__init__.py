"""PayPal: a token from ``/v1/oauth2/token``, then GET ``/v1/reporting/balances``.

The manifest; the verbs are in the files of their names.
"""

from coffers.plugin import Provider, hookimpl

from .parse import coffers_parse
from .request import TOKEN_STEP, Settings, coffers_request
from .sign import App, coffers_sign

__all__ = ["App", "Settings", "coffers_parse", "coffers_provider", "coffers_request", "coffers_sign"]


@hookimpl
def coffers_provider() -> Provider[Settings, App]:
    """The manifest."""
    return Provider(
        id="paypal",
        title="PayPal",
        docs="https://developer.paypal.com/docs/api/transaction-search/v1/#balances",
        base_urls={"api": "https://api-m.paypal.com", "sandbox": "https://api-m.sandbox.paypal.com"},
        settings=Settings,
        credentials=(App,),
        token_step=TOKEN_STEP,
        permission="a REST app of the business account with the feature Transaction search and no other",
        not_covered="what happened in the last three hours; accounts of third parties; crypto assets",
    )

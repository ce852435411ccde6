"""What the answer means: an XML document with the figures in attributes, or with errors (`refusals`).

XML is read by `defusedxml`, which refuses DTDs and entities: those make megabytes out of a few bytes, or read files.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

import attrs
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from coffers.plugin import (
    Amount,
    BadResponseError,
    Balance,
    Query,
    Response,
    Snapshot,
    amount_to_text,
    hookimpl,
    structure,
)

from .refusals import TOO_MANY_REQUESTS, refused
from .request import Settings

#: Real answers are in this namespace; the samples of the pages are in none.
_NAMESPACE = "{http://api.namecheap.com/xml.response}"


@attrs.frozen
class Result:
    """The attributes of ``UserGetBalancesResult``, by their own names."""

    Currency: str
    AvailableBalance: Amount
    AccountBalance: Amount
    EarnedAmount: Amount | None = None
    WithdrawableAmount: Amount | None = None
    FundsRequiredForAutoRenew: Amount | None = None


@hookimpl
def coffers_parse(response: Response, query: Query[Settings]) -> Snapshot:
    """The account's funds, in its one currency."""
    if response.status == TOO_MANY_REQUESTS:
        raise refused(response, [])
    root = _document(response)
    errors = [error for part in _children(root, "Errors") for error in _children(part, "Error")]
    if root.get("Status") != "OK" or errors or response.status >= 400:
        raise refused(response, [(error.get("Number"), error.text) for error in errors])
    results = [
        found for part in _children(root, "CommandResponse") for found in _children(part, "UserGetBalancesResult")
    ]
    if len(results) != 1:
        raise BadResponseError(f"the answer holds {len(results)} results, not one", field="UserGetBalancesResult")
    told = {name: value for name, value in results[0].attrib.items() if value}  # XML has no null but the empty text
    return Snapshot([_balance(structure(told, Result))])


def _document(response: Response) -> Element:
    root: Element | None
    try:
        root = fromstring(response.text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, UnicodeDecodeError):
        root = None  # raised below: these exceptions carry parts of the text
    if root is None:
        raise BadResponseError("the answer is not XML, or has a DTD or entities, which are refused")
    if root.tag.removeprefix(_NAMESPACE) != "ApiResponse":
        raise BadResponseError("the answer is another document than ApiResponse")
    return root


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if child.tag.removeprefix(_NAMESPACE) == name]


def _balance(result: Result) -> Balance:
    figures = {
        "earned": result.EarnedAmount,
        "withdrawable": result.WithdrawableAmount,
        "needed_for_auto_renewal": result.FundsRequiredForAutoRenew,
    }
    return Balance(
        result.Currency,
        total=result.AccountBalance,
        available=result.AvailableBalance,
        details={name: amount_to_text(amount) for name, amount in figures.items() if amount is not None},
    )

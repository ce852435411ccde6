"""OxaPay: two calls that tell the same balances, `legacy` (id ``oxapay``) and its successor `v1` (id ``oxapay-v1``).

What both need is in `currencies`; the rest of each is in its own folder.
"""

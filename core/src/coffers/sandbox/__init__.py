"""The sandbox: a real HTTP server on loopback that speaks the protocol of every installed provider.

Roof; ``pip install coffers[sandbox]``. For demos, for tests, and for trying an alert before it matters. All secrets in
it are made up; it binds 127.0.0.1 only and answers no request whose ``Host`` is not a loopback name::

    from coffers import Client
    from coffers.sandbox import Sandbox

    with Sandbox() as sandbox, Client() as client:
        for served in sandbox.accounts.values():
            print(served.name, client.read(served.account()).balances)

Each account lives under a prefix of its own, ``http://127.0.0.1:PORT/<account>``, which is its `base_url`; the
provider's part never sees the prefix. The parts are entry points in the group ``coffers.sandboxes``, see
`coffers.sandboxing`.

Modules: `sandbox` (the server's accounts and decisions), `accounts` (state and controls), `faults` (how it can
misbehave), `control` (below), `config` (a config file for it), `parts` (finding them), `wire` (HTTP itself).

**Control over HTTP.** The same controls for any language, in JSON; `curl` is enough::

    GET   /-/accounts          {"accounts": [{"name", "provider", "base_url", "balances", "revoked", "fault",
                                              "requests", "last"}, ...]}
    GET   /-/accounts/NAME     one of these
    PATCH /-/accounts/NAME     changes it and answers it as it is now; takes one or more of
          {"balances": {"USD": "12.50", "EUR": null},    set; null drops the code
           "top_up": {"USD": "5"}, "spend": {"USD": "1"},
           "revoked": true,
           "fault": {"kind": "rate_limited", "retry_after": 3, "times": 2}}     null ends it
    GET   /-/faults            {"faults": {KIND: {"description", "options": {NAME: DEFAULT}}}}

Changes are made in the order shown, all of them or none. Amounts are texts (numbers are taken too, digit for digit).
A fault lasts for `times` requests, or until told otherwise. A refusal is ``{"error": "..."}`` with 400 (not
understood), 404 (no such account) or 405. No answer holds a secret.

Each request for an account is logged at DEBUG to ``coffers.sandbox`` with account, method and status; no more.
"""

from .accounts import Exchange, ServedAccount
from .faults import FAULTS, Fault, FaultKind, FaultOption
from .parts import Parts, installed_parts
from .sandbox import Crash, Sandbox

__all__ = [
    "FAULTS",
    "Crash",
    "Exchange",
    "Fault",
    "FaultKind",
    "FaultOption",
    "Parts",
    "Sandbox",
    "ServedAccount",
    "installed_parts",
]

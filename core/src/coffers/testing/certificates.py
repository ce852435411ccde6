"""Certificates for loopback, good ones and those that no client may trust, made afresh by an authority of our own.

Roof; the only module that imports trustme, and only when it is used.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    import trustme

__all__ = ["Certificates"]

_ADDRESS = "127.0.0.1"


@attrs.frozen
class Certificates:
    """Server sides of TLS.

    Attributes:
        good: its certificate is for loopback and comes from the authority in `ca_file`.
        bad: what is wrong with a certificate, and a server side that has it.
        ca_file: the authority, as a PEM file.
    """

    good: ssl.SSLContext
    bad: Mapping[str, ssl.SSLContext]
    ca_file: Path

    @classmethod
    def make(cls, folder: Path) -> Certificates:
        """New ones; takes some milliseconds.

        Args:
            folder: where the authority's file goes.

        Raises:
            ModuleNotFoundError: the extra `testing` is not installed.
        """
        import trustme

        authority, ca_file = trustme.CA(), folder / "authority.pem"
        authority.cert_pem.write_to_path(str(ca_file))
        today, day = datetime.now(UTC), timedelta(days=1)
        certificates: Mapping[str, Callable[[], trustme.LeafCert]] = {
            "expired": lambda: authority.issue_cert(_ADDRESS, not_before=today - 30 * day, not_after=today - day),
            "not valid yet": lambda: authority.issue_cert(_ADDRESS, not_before=today + day, not_after=today + 30 * day),
            "for another host": lambda: authority.issue_cert("elsewhere.example", "127.0.0.2"),
            "of an unknown authority": lambda: trustme.CA().issue_cert(_ADDRESS),
        }
        bad = {name: _serving(issue()) for name, issue in certificates.items()}
        return cls(_serving(authority.issue_cert(_ADDRESS)), {**bad, "self-signed": _self_signed()}, ca_file)


def _serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)  # pyright: ignore[reportUnknownMemberType]  it takes an untyped context, too
    return context


def _self_signed() -> ssl.SSLContext:
    """An authority serves in person."""
    import trustme

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.private_key_pem.tempfile() as key, authority.cert_pem.tempfile() as certificate:
        context.load_cert_chain(certificate, key)
    return context

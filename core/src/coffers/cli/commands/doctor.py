"""`coffers doctor`: what is installed, what is wrong with the config, which secrets can be had. Roof.

It connects to nothing and shows no secret. ``cmd:`` references are run, as a read would run them. With PLUGIN it
prints what `coffers.cli.diagnosis` finds out about that plugin, and looks at nothing else.
"""

from __future__ import annotations

import os
import platform
import ssl
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

import click
import urllib3

from coffers import CoffersError, Registry, Resolver, __version__, one_line
from coffers.cli.accounts import config_file, open_config
from coffers.cli.diagnosis import Section, diagnose
from coffers.cli.endings import ALL_READ, USAGE
from coffers.cli.options import config_option, verbose_option
from coffers.cli.streams import stdout_for_data

__all__ = ["command"]

_NEEDED: Final = ("attrs", "cattrs", "pluggy", "urllib3", "click", "rich", "platformdirs")
_OPTIONAL: Final = {"aiohttp": "sandbox", "keyring": "keyring"}

#: A dist that replaces urllib3's files by its own; nothing here was tried with it.
_IMPOSTOR: Final = "urllib3-future"


class _Report:
    """Prints findings as they come, and remembers whether one was bad."""

    def __init__(self) -> None:
        self.bad = False
        self._started = False

    def title(self, text: str) -> None:
        click.echo(f"\n{text}" if self._started else text)
        self._started = True

    def good(self, text: str) -> None:
        click.echo(f"  ok    {one_line(text)}")

    def note(self, text: str) -> None:
        click.echo(f"  note  {one_line(text)}")

    def wrong(self, text: str) -> None:
        self.bad = True
        click.echo(f"  BAD   {one_line(text)}")

    def section(self, section: Section) -> None:
        self.title(one_line(section.title))
        tell = {"ok": self.good, "note": self.note, "bad": self.wrong}
        for finding in section.findings:
            tell[finding.level](finding.text)
            if finding.remedy:
                click.echo(f"        -> {one_line(finding.remedy)}")


@click.command("doctor")
@click.argument("plugin", required=False)
@config_option
@verbose_option
def command(plugin: str | None, config: Path | None) -> int:
    """Look for what is wrong with the installation and the config. Connects to nothing.

    With PLUGIN (a provider's id, or the name of a distribution or module) look at that plugin alone: why it does not
    load, where, and what to do.

    \b
    Exit codes: 0 nothing is wrong, 2 something is
    """
    if plugin is not None:
        if config is not None:
            raise click.UsageError("--config and PLUGIN cannot be given together.")
        return _plugin(plugin)
    report, registry = _Report(), Registry()
    _versions(report)
    _certificates(report)
    _plugins(report, registry)
    _extensions(report, registry)
    _config(report, registry, config)
    return USAGE if report.bad else ALL_READ


def _plugin(name: str) -> int:
    with stdout_for_data():
        sections = tuple(diagnose(name))
    report = _Report()
    for section in sections:
        report.section(section)
    return USAGE if report.bad else ALL_READ


def _versions(report: _Report) -> None:
    report.title("Versions")
    report.good(f"Python {platform.python_version()} at {sys.executable}")
    report.good(f"coffers {__version__}")
    for dist in _NEEDED:
        version = _version(dist)
        if version is None:
            report.wrong(f"{dist} is not installed as a distribution")
        else:
            report.good(f"{dist} {version}")
    for dist, extra in _OPTIONAL.items():
        version = _version(dist)
        if version is None:
            report.note(f'{dist} is not installed; for what needs it: pip install "coffers[{extra}]"')
        else:
            report.good(f"{dist} {version}")
    report.good(f"the urllib3 in use is {_version_of_urllib3()} at {Path(urllib3.__file__).parent}")
    if (version := _version(_IMPOSTOR)) is not None:
        report.wrong(
            f"{_IMPOSTOR} {version} is installed and takes the place of urllib3; coffers is not made for it: "
            f"pip uninstall {_IMPOSTOR}, then pip install --force-reinstall urllib3"
        )


def _version_of_urllib3() -> str:
    return str(getattr(urllib3, "__version__", "of no version"))


def _version(dist: str) -> str | None:
    try:
        return metadata.version(dist)
    except metadata.PackageNotFoundError:
        return None


def _certificates(report: _Report) -> None:
    report.title("Certificate authorities")
    paths = ssl.get_default_verify_paths()
    where = ", ".join(path for path in (paths.cafile, paths.capath) if path) or "no file and no folder"
    try:
        count = ssl.create_default_context().cert_store_stats()["x509_ca"]
    except OSError as error:  # the store itself, OpenSSL's own config, $SSLKEYLOGFILE
        report.wrong(f"TLS cannot be set up ({type(error).__name__}); authorities: {where}")
        return
    if count or paths.capath:  # those of a folder are read when they are needed
        report.good(f"{count} loaded from {where}; {ssl.OPENSSL_VERSION}")
    else:
        report.wrong(f"none found ({where}); install your system's ca-certificates, or set SSL_CERT_FILE")


def _plugins(report: _Report, registry: Registry) -> None:
    report.title("Providers")
    installed = registry.list()
    if not installed:
        report.wrong("none is installed; for example: pip install coffers-NAME")
    for provider in installed:
        try:
            with stdout_for_data():
                registry.load(provider.id)
        except CoffersError as error:
            report.wrong(f"{provider.id}: {error.message}")
        else:
            report.good(f"{provider.id} ({provider.dist} {provider.version})")


def _extensions(report: _Report, registry: Registry) -> None:
    """Nothing where there is none: nobody needs one."""
    entries = registry.extensions()
    if not entries:
        return
    report.title("Extensions")
    if os.environ.get("COFFERS_NO_EXTENSIONS"):
        report.note(f"COFFERS_NO_EXTENSIONS is set: none of the {len(entries)} installed is used, nor looked at")
        return
    from coffers.cli.app import COMMANDS
    from coffers.extensions import Extensions

    with stdout_for_data():
        extensions = Extensions(entries, taken=COMMANDS)
    for extension in extensions.installed:
        if not extension.fault:
            report.good(f"{extension.name} ({extension.dist} {extension.version})")
    for fault in extensions.faults:
        report.wrong(fault)


def _config(report: _Report, registry: Registry, explicit: Path | None) -> None:
    report.title("Config")
    try:
        path = config_file(explicit)
        found = open_config(explicit, registry)
    except CoffersError as error:
        for problem in getattr(error, "problems", ()) or (error.message,):
            report.wrong(problem)
        return
    report.good(f"{path}, {len(found.accounts)} accounts")
    if not found.accounts:
        report.wrong("there are no accounts in it")
    resolver = Resolver()
    for account in found.accounts:
        try:
            resolved = resolver.resolve(account, registry.load(account.provider).manifest)
        except CoffersError as error:
            report.wrong(f"{account.name}: {error.message}")
            continue
        report.good(f"{account.name}: {account.provider}, {len(resolved.secrets)} secrets found")
        for warning in resolved.warnings:
            report.note(f"{account.name}: {warning}")

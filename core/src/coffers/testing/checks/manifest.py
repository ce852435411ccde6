"""What the provider says about itself, to people and to programs. Roof."""

from __future__ import annotations

from coffers import PluginError
from coffers.testing.checking import check, require
from coffers.testing.subject import Subject


@check("completeness")
def manifest_is_complete(subject: Subject) -> None:
    """Fill in the manifest that `coffers_provider` answers: `title` for people, `docs` with the https address of the
    provider's page on this call, `permission` with the one permission the key needs (people should be able to make a
    read-only key), and a `help` in the metadata of every config field that is not obvious.
    """
    manifest = subject.provider.manifest
    require(manifest.title.strip(), "the manifest has no title")
    require(manifest.docs.startswith("https://"), "the manifest's docs must be an https address")
    require(manifest.permission.strip(), "the manifest does not say which permission the key needs")


@check("completeness")
def sandbox_part_is_there(subject: Subject) -> None:
    """Write the provider's side of the protocol as a `SandboxProvider` and announce it as an entry point in the group
    `coffers.sandboxes`, under the provider's id: `coffers demo` and everybody's tests then read it without an account.
    """
    try:
        part = subject.part
    except PluginError as error:
        require(False, error.message)
    else:
        require(part is not None, "it has no sandbox part")

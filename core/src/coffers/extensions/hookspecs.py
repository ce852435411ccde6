"""The three promises of an extension, as pluggy hookspecs. Each docstring is the hook's reference page.

Floor 5, inside `extensions`. Unlike a provider's hooks these are one-to-many: every extension may add commands, each is
told of every read, and each may show itself. They live in a manager of their own, with markers of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast, overload

import attrs
from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    from pathlib import Path

    # Who only adds commands need not wait for it.
    from coffers.observing import FinishedRead

__all__ = [
    "PROJECT",
    "ExtraCommand",
    "HookImpl",
    "coffers_demo",
    "coffers_observe",
    "coffers_register_commands",
    "hookimpl",
]

#: What pluggy knows these hooks under: a provider's marker does not fit them, nor theirs a provider.
PROJECT: Final = "coffers_extensions"

_LONGEST_HELP: Final = 70
_PLACE: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

_hookspec = HookspecMarker(PROJECT)


def _is_a_line(_: object, __: object, value: Any) -> None:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_HELP or not value.isprintable():
        raise ValueError(f"help: must be one line of 1 to {_LONGEST_HELP} characters")


def _is_a_place(_: object, __: object, value: Any) -> None:
    if not isinstance(value, str) or not _PLACE.fullmatch(value):
        raise ValueError("at: must say where the click command is, as 'package.module:attribute'")


@attrs.frozen
class ExtraCommand:
    """A command that an extension adds.

    Args:
        help: its line in the overview, at most 70 characters.
        at: where the click command is, ``package.module:attribute``; imported when the command is called, not before.

    Raises:
        ValueError: a part is wrong; the message names it.
    """

    help: str = attrs.field(validator=_is_a_line)
    at: str = attrs.field(validator=_is_a_place)


@_hookspec
def coffers_register_commands() -> Mapping[str, ExtraCommand]:  # type: ignore[empty-body]  # a hookspec has no body
    """Name the commands that you add to `coffers`.

    - MUST answer quickly: it is called for the overview, too. Import nothing for it.
    - MUST name each in lower-case letters, digits and ``-``. A name that the core or another extension has is refused.

    The core imports a command's module when the command is called.

    Example::

        @hookimpl
        def coffers_register_commands() -> Mapping[str, ExtraCommand]:
            return {"weigh": ExtraCommand("Weigh every account.", "coffers_acme.weigh:command")}
    """


@_hookspec
def coffers_observe(read: FinishedRead) -> None:
    """Hear of a read that ended, whatever came of it.

    - SHOULD be quick: the read's result waits for it, a second at most; once it was slower, no read waits any more.
    - MUST NOT rely on being heard of: what it raises is logged by class and place, once, and harms no read.

    The core calls it in a thread of its own, with one read after the other, for the reads of `coffers balances` and
    `coffers check`, and of the extensions' commands that hand observers to their client.

    Example::

        @hookimpl
        def coffers_observe(read: FinishedRead) -> None:
            with open("reads.txt", "a") as file:
                print(read.fetched_at, read.account, read.error or "ok", file=file)

    Args:
        read: the facts; no credentials, no settings, no message.
    """


@_hookspec
def coffers_demo(config: Path) -> int | None:
    """Show what you do, on the sandbox: `coffers demo --NAME`, where NAME is the extension's.

    - MUST end soon when it is interrupted.
    - SHOULD import what it needs when it is called, not before.

    The core calls it on the main thread while the sandbox runs. The sandbox is controlled over HTTP, see
    `coffers.sandbox`: below the origin of any account's `base_url`. What is returned is the exit code; nothing means 0.

    Example::

        @hookimpl
        def coffers_demo(config: Path) -> int | None:
            from coffers_acme.weigh import weigh_until_interrupted

            return weigh_until_interrupted(config)

    Args:
        config: a config file with an account of every installed provider. Change it as you like, put files beside it:
            the folder is removed afterwards.
    """


class _CommandsHook(Protocol):
    def __call__(self) -> Mapping[str, ExtraCommand]: ...


class _ObserveHook(Protocol):
    def __call__(self, read: FinishedRead) -> None: ...


class _DemoHook(Protocol):
    def __call__(self, config: Path) -> int | None: ...


C = TypeVar("C", bound=_CommandsHook)
B = TypeVar("B", bound=_ObserveHook)
D = TypeVar("D", bound=_DemoHook)


class HookImpl(Protocol):
    """The type of `hookimpl`: pluggy's marker, typed so that a wrong hook is a type error in the author's editor."""

    @overload
    def __call__(self, function: C) -> C: ...
    @overload
    def __call__(self, function: B) -> B: ...
    @overload
    def __call__(self, function: D) -> D: ...


#: Marks a function as an extension's hook.
hookimpl: Final = cast("HookImpl", HookimplMarker(PROJECT))

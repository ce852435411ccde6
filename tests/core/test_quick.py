"""A value that is made quickly is the value that attrs makes."""

from __future__ import annotations

import copy
import inspect
import pickle

import attrs
import pytest
from attrs.exceptions import FrozenInstanceError

from coffers.quick import quickly_made


@attrs.frozen
class Plain:
    name: str = attrs.field(converter=str.upper)
    size: int = attrs.field(default=1, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("too small")
        object.__setattr__(self, "name", f"{self.name}!")


Quick = quickly_made(
    attrs.frozen(
        type(
            "Quick",
            (),
            {
                "__annotations__": {"name": str, "size": int},
                "__module__": __name__,
                "name": attrs.field(converter=str.upper),
                "size": attrs.field(default=1, kw_only=True),
                "__attrs_post_init__": Plain.__dict__["__attrs_post_init__"],
            },
        )
    )
)


def test_it_is_made_and_checked_and_shown_like_any_other() -> None:
    made = Quick("a", size=2)
    assert type(made) is Quick
    assert attrs.asdict(made) == attrs.asdict(Plain("a", size=2)) == {"name": "A!", "size": 2}
    assert repr(made) == "Quick(name='A!', size=2)"
    assert made == Quick("a", size=2) != Quick("a")
    assert len({made, Quick("a", size=2)}) == 1
    assert attrs.evolve(made, name="b") == Quick("b", size=2)
    assert list(inspect.signature(Quick).parameters) == list(inspect.signature(Plain).parameters)
    with pytest.raises(ValueError, match="too small"):
        Quick("a", size=-1)
    with pytest.raises(TypeError, match="positional"):
        Quick("a", 2)


def test_it_is_frozen_from_then_on() -> None:
    made = Quick("a")
    for copied in (made, copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert copied == made
        with pytest.raises(FrozenInstanceError):
            copied.size = 3
        with pytest.raises(FrozenInstanceError):
            del copied.size
        assert type(copied) is Quick


def test_it_can_have_no_subclass() -> None:
    with pytest.raises(TypeError, match="Quick can have no subclasses"):
        type("More", (Quick,), {})

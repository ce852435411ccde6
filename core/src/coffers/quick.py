"""Frozen values that cost a third less to make, for classes of which one answer makes thousands.

Floor 1. Knows nothing of ours. A frozen class sets every field through `object.__setattr__`, which costs about as much
as all the rest of its making. Here the new object is of a class that takes plain assignments until its last check is
done; from then on it is as frozen as any other.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import attrs

__all__ = ["quickly_made"]

T = TypeVar("T")


def quickly_made(cls: type[T]) -> type[T]:
    """`cls`, a frozen attrs class with slots and an `__attrs_post_init__`, with a quicker ``__init__``.

    It can have no subclasses: their objects would end as its own.
    """
    made: Any = cls
    plain = {"__slots__": (), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    draft = type(cls.__name__, (cls,), {**plain, "__doc__": f"A `{cls.__name__}` that is being made."})
    set_class = object.__setattr__
    check = made.__attrs_post_init__

    def begin(self: Any) -> None:
        set_class(self, "__class__", draft)

    def end(self: Any) -> None:
        check(self)
        self.__class__ = cls

    fields = attrs.fields(made)
    twin = attrs.make_class(
        cls.__name__,
        {
            field.name: attrs.field(
                default=field.default,
                converter=field.converter,
                kw_only=field.kw_only,
                type=field.type,
            )
            for field in fields
        },
        class_body={"__attrs_pre_init__": begin, "__attrs_post_init__": end},
        slots=False,
        eq=False,
        repr=False,
        on_setattr=attrs.setters.NO_OP,
    )
    made.__init__ = cast("Any", twin).__init__
    made.__attrs_pre_init__, made.__attrs_post_init__ = begin, end
    made.__init_subclass__ = classmethod(_refuse)
    return cls


def _refuse(cls: type) -> None:
    raise TypeError(f"{cls.__mro__[1].__name__} can have no subclasses")

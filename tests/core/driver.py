"""Drives the flow of a read by hand: no socket, no clock, no sleep."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import attrs
import pytest

from coffers import (
    Account,
    CoffersError,
    Registry,
    Response,
    Scrubber,
    Secret,
    SignedRequest,
)
from coffers.flow import BoundAccount, Clock, HeldToken, NeedToken, Pause, Run, read
from coffers.plugin import NoSettings
from tests.core import toy

KEY = "canary-key-0123456789"
OK = Response(200, (("Content-Type", "application/json"),), b'{"currency": "usd", "amount": 1.50}')
NOW_S = 1_700_000_000.0

T = TypeVar("T")


def untraced(function: Callable[[], T]) -> T:
    """What `function` answers, out of sight of a tracer that measures coverage: hit often, it would lose its lock."""

    def run() -> T:
        sys.settrace(None)
        return function()

    with ThreadPoolExecutor() as pool:
        return pool.submit(run).result()


@attrs.define
class Driver:
    """Plays the driver: answers effects from a script, keeps what was asked."""

    plugin: Any = attrs.field(factory=toy.plugin)
    deadline: float = 15.0
    budget: int = 10
    random: float = 1.0
    now: float = 0.0
    tokens: list[HeldToken] = attrs.field(factory=list)
    sent: list[SignedRequest] = attrs.field(factory=list)
    pauses: list[float] = attrs.field(factory=list)
    needs: list[NeedToken] = attrs.field(factory=list)
    clock: Clock = attrs.field(factory=lambda: Clock(lambda: NOW_S))
    nonce: int = 0

    def bound(self) -> BoundAccount:
        provider = Registry([self.plugin], installed=False).load("toy")
        secrets = (Secret(KEY),)
        account = Account("shop", "toy", {"key": secrets[0]})
        return BoundAccount(account, provider, NoSettings(), toy.ByKey(secrets[0]), secrets, Scrubber(secrets))

    def may_retry(self) -> bool:
        self.budget -= 1
        return self.budget >= 0

    def draw(self, now_ms: int) -> int:
        self.nonce = max(self.nonce + 1, now_ms)
        return self.nonce

    def __call__(self, *script: Response | CoffersError, flow: Callable[..., Any] = read) -> Any:
        run = Run(self.deadline, lambda: self.now, lambda: self.random, self.clock, self.draw, self.may_retry)
        steps = flow(self.bound(), run)
        answers = list(script)
        try:
            effect = next(steps)
            while True:
                if isinstance(effect, Pause):
                    self.pauses.append(effect.seconds)
                    self.now += effect.seconds
                    effect = steps.send(None)
                elif isinstance(effect, NeedToken):
                    self.needs.append(effect)
                    effect = steps.send(self.tokens.pop(0))
                else:
                    self.sent.append(effect)
                    answer = answers.pop(0)
                    effect = steps.throw(answer) if isinstance(answer, CoffersError) else steps.send(answer)
        except StopIteration as end:
            assert not answers, "the flow did not ask for the whole script"
            return end.value

    def failure(self, *script: Response | CoffersError, flow: Callable[..., Any] = read) -> CoffersError:
        with pytest.raises(CoffersError) as caught:
            self(*script, flow=flow)
        assert caught.value.account == "shop"
        assert caught.value.provider == "toy"
        shown = repr(caught.value) + str(caught.value) + "".join(traceback.format_exception(caught.value))
        assert KEY not in shown
        return caught.value

"""From the outbox to the channels: gathered, rested, tried again, given up; one bad channel stops no other."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import resources
from itertools import pairwise
from typing import Any

import jsonschema
import pytest

from coffers_monitor.notify import Channel, Delivered, Delivery, Letter, Pace, sender_of
from coffers_monitor.rules import Level
from coffers_monitor.store import StoreError

from .made import CHANNELS, DOWN, Box, Ear, Waiting, at, low, unread
from .receivers import Web, mail_server, web_server

SCHEMA = json.loads(resources.files("coffers_monitor.notify").joinpath("alerts-1.schema.json").read_text("utf-8"))


def delivery(box: Box, **ears: Ear) -> Delivery[Any]:
    return Delivery(box, ears)


def test_a_notice_goes_to_every_channel_once() -> None:
    box, chat, mail = Box(), Ear(), Ear()
    box.put(low())
    post = delivery(box, chat=chat, mail=mail)
    assert post.run(at(9)) == ()  # others may come
    assert post.run(at(10)) == (Delivered("chat", 1), Delivered("mail", 1))
    assert [row["sent"] for row in box.rows.values()] == [at(10), at(10)]
    assert post.run(at(10_000)) == ()
    box.put(low())  # the same notice, judged again
    assert post.run(at(10_001)) == ()
    assert chat.heard == mail.heard
    assert chat.heard[0].title == "CRITICAL shop USD: 42.50 USD left, below 50 USD"


def test_an_outage_is_one_message_and_then_a_rest() -> None:
    box, chat, mail = Box(), Ear(), Ear()
    post = delivery(box, chat=chat, mail=mail)
    accounts = [f"account-{number}" for number in range(200)]
    for number, account in enumerate(accounts):
        box.put(unread(account, 7200 + number / 40))
    for second in range(7200, 7600):
        if second == 7220:
            box.put(low("shop", 7220, level=Level.WARN, limit=Decimal(80)))
        post.run(at(second))
    assert [message.title for message in chat.heard] == [
        "coffers: 200 warn (200 accounts)",
        "WARN shop USD: 42.50 USD left, below 80 USD",
    ]
    assert chat.heard[0].text.count("\n") < 10
    assert len(json.loads(chat.heard[0].document)["notices"]) == 200
    assert all(row["sent"] for row in box.rows.values())


def sent_at(box: Box, **notices: list[int]) -> list[int]:
    """When messages went out, in seconds: of one channel, for which notices of these levels were put when."""
    post = delivery(box, chat=(chat := Ear()))
    found: list[int] = []
    for second in range(1200):
        for level, seconds in notices.items():
            if second in seconds:
                box.put(low(f"{level}-{second}", second, level=Level[level]), channels=CHANNELS[:1])
        before = len(chat.heard)
        post.run(at(second))
        found += [second] * (len(chat.heard) - before)
    assert all(row["sent"] for row in box.rows.values())
    return found


def test_what_is_critical_does_not_wait_behind_what_is_less_and_yet_is_no_flood() -> None:
    assert sent_at(Box(), WARN=[0, 30, 60]) == [10, 310]
    assert sent_at(Box(), WARN=[0, 20], CRITICAL=[30, 35]) == [10, 40]  # with all that waited
    assert sent_at(Box(), CRITICAL=[0, 30], WARN=[60]) == [10, 310]
    assert sent_at(Box(), WARN=[0], CRITICAL=[*range(30, 600, 7)]) == [10, 40, 340, 640]
    box = Box()
    box.put(low("reminder", 0, event="reminder"), channels=CHANNELS[:1])
    assert sent_at(box, CRITICAL=[30]) == [10, 40]  # a reminder is no news
    news = {event: Letter("chat", low(event=event)).urgent for event in ("alert", "worse", "better", "reminder")}
    assert news == {"alert": True, "worse": True, "better": False, "reminder": False}


def test_a_failed_channel_is_asked_again_soon_for_what_is_critical() -> None:
    box, chat = Box(), Ear(fault=DOWN)
    post = delivery(box, chat=chat)
    box.put(low("old", 0, level=Level.WARN), channels=CHANNELS[:1])
    for second in range(0, 2900, 10):
        post.run(at(second))
    assert chat.tried == 6  # the next try is at 3790
    chat.fault = None
    box.put(low("new", 2900), channels=CHANNELS[:1])
    assert post.run(at(2909)) == ()
    post.run(at(2910))
    assert [message.title for message in chat.heard] == ["CRITICAL new USD: 42.50 USD left, below 50 USD"]


def test_failures_are_tried_again_ever_less_often_and_given_up_after_a_day(caplog: pytest.LogCaptureFixture) -> None:
    box, chat, mail = Box(), Ear(fault=DOWN), Ear()
    box.put(low())
    post = delivery(box, chat=chat, mail=mail)
    tries: list[int] = []
    for second in range(0, 2 * 86400, 30):
        before = chat.tried
        post.run(at(second))
        if chat.tried > before:
            tries.append(second)
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert waits[:7] == [60, 120, 240, 480, 960, 1920, 3600]
    assert 22 * 3600 < tries[-1] <= 86400
    [lost] = box.of("chat")
    assert (lost["sent"], lost["next"], lost["error"]) == (None, None, "down")
    assert box.of("mail")[0]["sent"] == at(30)
    assert any(record.levelno == logging.ERROR and "given up: down" in record.message for record in caplog.records)


def test_it_goes_on_when_the_channel_is_back_and_says_it_all_at_once() -> None:
    box, chat, mail = Box(), Ear(fault=DOWN), Ear()
    post = delivery(box, chat=chat, mail=mail)
    box.put(low("a", 0))
    assert post.run(at(10))[0].next_try == at(70)
    box.put(low("b", 20))
    assert post.run(at(40)) == ()
    chat.fault = None
    assert Delivered("chat", 2) in post.run(at(70))
    assert json.loads(chat.heard[0].document)["id"] == chat.heard[0].id


def test_what_waits_for_long_behind_a_failed_message_is_told_once() -> None:
    box, chat = Box(), Ear(fault=DOWN)
    post = delivery(box, chat=chat)
    box.put(low("a", 0), channels=CHANNELS[:1])
    for second in range(0, 4000, 10):
        if second == 2000:
            box.put(unread("b", 2000), channels=CHANNELS[:1])
        chat.fault = DOWN if second < 3000 else None
        post.run(at(second))
    assert sorted(notice["account"] for notice in json.loads(chat.heard[0].document)["notices"]) == ["a", "b"]
    assert len(chat.heard) == 1


def test_what_failed_is_tried_at_once_by_a_channel_that_was_mended() -> None:
    box, chat = Box(), Ear(fault=DOWN)
    post = delivery(box, chat=chat)
    box.put(low(), channels=CHANNELS[:1])
    for second in range(0, 3000, 10):
        post.run(at(second))
    post.follow({"chat": (mended := Ear())}, at(3000))
    assert post.run(at(3001)) == (Delivered("chat", 1),)
    assert len(mended.heard) == 1


@pytest.mark.parametrize("fault", [DOWN, RuntimeError("with a url in its text")])
def test_one_bad_channel_stops_no_other(fault: Exception, caplog: pytest.LogCaptureFixture) -> None:
    box, chat, mail = Box(), Ear(fault=fault), Ear()
    box.put(low())
    results = delivery(box, chat=chat, mail=mail).run(at(10))
    assert [result.error is None for result in results] == [False, True]
    assert "with a url" not in caplog.text
    assert "with a url" not in repr(results)


def test_a_program_that_is_killed_while_it_waits_keeps_no_letter_back() -> None:
    box, chat = Box(), Ear()
    post = delivery(box, chat=Ear())
    box.put(low("a", 0), channels=CHANNELS[:1])
    post.run(at(5))  # for others to come
    box.put(low("b", 6), channels=CHANNELS[:1])
    assert delivery(box, chat=chat).run(at(10)) == (Delivered("chat", 2),)
    assert post.run(at(11)) == ()
    box.put(low("c", 12), channels=CHANNELS[:1])
    other = delivery(box, chat=(rested := Ear()))
    assert other.run(at(30)) == (Delivered("chat", 1),)  # who begins anew has no rest
    assert len(rested.heard) == len(chat.heard) == 1


def test_a_program_that_is_killed_while_it_sends_keeps_its_letters_for_a_minute() -> None:
    box, chat = Box(), Ear(fault=SystemExit())
    box.put(low(), channels=CHANNELS[:1])
    with pytest.raises(SystemExit):
        delivery(box, chat=chat).run(at(10))
    other = delivery(box, chat=(second := Ear()))
    assert other.run(at(69)) == ()
    assert other.run(at(70)) == (Delivered("chat", 1),)
    assert len(second.heard) == 1


def test_an_outbox_that_cannot_be_told_at_once_is_told_before_anything_is_sent_again() -> None:
    class Away(Box):
        away = False

        def notice_sent(self, notice: Waiting, at: datetime) -> None:
            if self.away:
                raise StoreError("away")
            super().notice_sent(notice, at)

    box, chat, mail = Away(), Ear(), Ear()
    box.put(low())
    post = delivery(box, chat=chat, mail=mail)
    box.away = True
    for second in (10, 100, 1000):
        with pytest.raises(StoreError):
            post.run(at(second))
    box.away = False
    assert post.run(at(2000)) == ()
    assert len(chat.heard) == len(mail.heard) == 1
    assert all(row["sent"] == at(10) for row in box.rows.values())


def test_letters_nobody_can_deliver_are_given_up_after_a_day_and_seen() -> None:
    """Not at once: they may be of a newer program, or of another config, which share the database."""
    box, mail = Box(), Ear()
    box.put(low(), unread("late", 86_000))
    broken = {"text": "{}", "at": at(0), "next": at(0), "attempts": 0, "error": None, "sent": None}
    box.rows["broken"] = broken | {"channel": "mail", "urgent": True}
    post = delivery(box, mail=mail)
    post.run(at(10))
    assert "cannot be read" in box.rows["broken"]["error"]
    assert box.rows["broken"]["next"] == at(70)
    assert len(mail.heard) == 1
    for second in range(100, 87_000, 100):
        post.run(at(second))
    assert box.rows["broken"]["next"] is None
    old, late = box.of("chat")
    assert (old["next"], old["error"]) == (None, "the config has no channel of this name")
    assert late["next"] <= at(87_000)
    assert delivery(box, chat=(chat := Ear())).run(at(87_000)) == (Delivered("chat", 1),)
    assert len(chat.heard) == 1


def test_what_a_channel_is_told_by_is_changed_and_nothing_is_told_twice() -> None:
    box, before, after = Box(), Ear(), Ear()
    post = delivery(box, chat=before)
    box.put(low(), channels=CHANNELS[:1])
    post.run(at(10))
    post.follow({"chat": after}, at(15))
    assert before.closed
    box.put(low("b", 20), channels=CHANNELS[:1])
    post.run(at(30))
    post.close()
    assert after.closed
    assert len(before.heard) == len(after.heard) == 1


def test_a_clock_that_is_put_back_does_not_hold_letters() -> None:
    box, chat = Box(), Ear()
    post = delivery(box, chat=chat)
    box.put(low("a", 0), channels=CHANNELS[:1])
    post.run(at(0))
    assert post.run(at(-3600)) == (Delivered("chat", 1),)
    box.put(low("b", -7200), channels=CHANNELS[:1])
    assert post.run(at(-7200 + 10)) == (Delivered("chat", 1),)  # its rest was in a time that is yet to come


def test_a_channel_hears_what_is_bad_enough_for_it_and_its_end() -> None:
    box = Box()
    pager = Channel(name="pager", kind="apprise", address="env:X", level=Level.CRITICAL)
    for number, (level, before) in enumerate([(1, 0), (2, 1), (1, 2), (0, 1), (0, 2)]):
        box.put(low(seconds=number, level=Level(level), before=Level(before)), channels=(pager,))
    assert [row["at"] for row in box.rows.values()] == [at(1), at(2), at(4)]


def free(hanging: Web, others_are_served: Callable[[], object]) -> None:
    """Let the hanging server go once the others were served; after a minute in any case."""
    for _ in range(6000):
        if others_are_served():
            break
        time.sleep(0.01)
    hanging.freed.set()


def test_real_channels_with_one_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail through Apprise, a webhook, a webhook that hangs, one that fails: the first two get it all the same."""
    with mail_server() as mail, web_server() as good, web_server() as slow, web_server() as bad:
        slow.hangs, bad.status = True, 500
        monkeypatch.setenv("MAIL", f"mailto://127.0.0.1:{mail.port}/?from=a@example.com&to=b@example.com&mode=insecure")
        monkeypatch.setenv("KEY", "k")
        hooks = {"good": good.url, "slow": slow.url, "bad": bad.url}
        channels = [Channel(name="mail", kind="apprise", address="env:MAIL")]
        channels += [Channel(name=n, kind="webhook", address=url, secret="env:KEY") for n, url in hooks.items()]
        box = Box()
        well = low("c", event="recovery", level=Level.OK, before=Level.WARN)
        box.put(low("a", amount=None), unread("b"), well, channels=tuple(channels))
        senders = {channel.name: sender_of(channel, None) for channel in channels}
        post = Delivery(box, senders, page="https://example.com/", pace=Pace(within=timedelta(minutes=1)))
        freeing = threading.Thread(target=free, args=(slow, lambda: mail.letters and good.requests and bad.requests))
        freeing.start()
        results = {result.channel: result.error for result in post.run(at(20_000))}
        freeing.join()
        post.close()
    assert {name: error is None for name, error in results.items()} == {
        "mail": True,
        "good": True,
        "slow": False,
        "bad": False,
    }
    assert "deadline" not in (results["slow"] or "")  # it was still waited for when the others had theirs
    assert len(mail.letters) == len(good.requests) == len(slow.requests) == len(bad.requests) == 1
    document = json.loads(good.requests[0][2])
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["title"] == mail.letters[0]["subject"] == "coffers: 1 critical, 1 warn, 1 well again (3 accounts)"
    assert [notice["spendable"] for notice in document["notices"]] == [None, None, "42.50"]

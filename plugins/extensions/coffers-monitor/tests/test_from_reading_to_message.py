"""The whole way without a store: readings, rules, letters, delivery, as the service joins them."""

from __future__ import annotations

from coffers_monitor.notify import Delivery, Pace

from .notify.made import DOWN, Box, Ear
from .rules.readings import Watched, failed, read, rules
from .rules.readings import at as minute


def test_a_month_of_an_account_with_a_channel_that_is_down_now_and_then() -> None:
    shop = Watched(rules({"below": {"warn": "80", "critical": "50"}, "remind_every": "never"}, {"unread_for": "2h"}))
    box, chat, mail = Box(), Ear(), Ear()
    post = Delivery(box, {"chat": chat, "mail": mail}, pace=Pace())
    amount = 200
    for step in range(30 * 24 * 4):
        now = step * 15
        amount = 200 if step % 960 == 959 else amount - 1 if step % 5 == 0 else amount
        attempt = failed(now) if 500 <= step < 520 else read(now, str(amount))
        shop.reads(attempt)
        shop.reads(attempt)  # handed over twice
        box.put(*(shop.last.notices if shop.last else ()))
        box.put(*shop.told)  # so are its notices
        chat.fault = DOWN if step % 100 < 20 else None
        for second in (5, 65, 300, 600):
            post.run(minute(now + second / 60))
    assert all(row["sent"] for row in box.rows.values())
    assert len(box.rows) == 2 * len(shop.told)
    told = [f"{notice.event} {notice.subject}" for notice in shop.told]
    assert told.count("alert below") == told.count("worse below") == 3
    assert told.count("recovery below") == 3
    assert (told.count("alert unread_for"), told.count("recovery unread_for")) == (1, 1)
    assert len(told) == 11

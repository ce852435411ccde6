"""The pages, as a browser without scripts gets them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import attrs
import httpx
import pytest
from made_up_month import NOW, Lasting, Month

from coffers_monitor.facts import Attempt, Figures, Place
from coffers_monitor.web.view import Alert, Told, Watched


def text(markup: str) -> str:
    """What is read of it, on one line."""
    seen = re.sub(r"(?s)<head>.*?</head>|<svg.*?</svg>", "", markup).replace("</dt>", " ")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", seen)).strip()


def rows(markup: str) -> list[str]:
    """Each account of the table, as it is read."""
    return [text(part.replace("</td>", " ").replace("</th>", " ")) for part in markup.split("<tbody")[1:]]


def test_it_answers_whether_all_is_well_what_runs_out_first_and_when(page: httpx.Client) -> None:
    said = text(page.get("/").text)
    assert "6 accounts need attention" in said
    assert "Runs out first payouts USD in 7 hours about Sat 21 Nov 2026, 19:43 UTC" in said
    assert "1 critical 1 not read 1 paused 1 stale 1 unconfirmed 1 warning 1 waiting 3 OK" in said


def test_all_is_well_only_if_all_is(page: httpx.Client, month: Month) -> None:
    month.watched = [one for one in month.watched if one.account in ("hosting", "cold-wallet", "empty")]
    month.held.clear()
    assert "All is well" in text(page.get("/").text)
    month.watched.append(Watched("new-one", "cloudlet", 900.0))
    assert "Waiting for first reads" in text(page.get("/").text)
    month.watched.clear()
    assert "No account is watched yet" in text(page.get("/").text)


def test_all_is_not_well_where_money_ends_soon_and_no_rule_says_so(page: httpx.Client, month: Month) -> None:
    month.watched = [one for one in month.watched if one.account in ("payouts", "hosting")]
    month.held.clear()
    answer = page.get("/").text
    assert "payouts runs out soon" in text(answer)
    assert '<section class="verdict warn"' in answer


def test_what_was_told_lately_is_there_with_what_became_of_it(page: httpx.Client, month: Month) -> None:
    said = text(page.get("/").text)
    alert = "CRITICAL payouts USD: 41.87 USD left, below 50 USD"
    assert f"Told lately {alert} chat: delivered 0 s ago" in said
    assert f"{alert} mail: not delivered: its server could not be reached; tried again in 4 minutes" in said
    month.heard.clear()
    assert "Told lately" not in text(page.get("/").text)


def test_each_account_is_told_with_its_state_amount_runway_and_age(page: httpx.Client) -> None:
    told = rows(page.get("/").text)
    assert [one.split(">")[-1].split()[0] for one in told][:3] == ["Critical", "Not", "Paused"]
    critical, failed, *_ = told
    for part in ("payouts", "acme", "41.870000 USD is below 50", "41.870000 USD", "in 7 hours", "2 min ago"):
        assert part in critical
    for part in ("timeout: no answer within 15 s", "930.00 USD last known", "50 min ago"):
        assert part in failed


def test_exact_amounts_are_there_digit_by_digit(page: httpx.Client) -> None:
    markup = page.get("/").text.replace("<span class=g>", "").replace("</span>", "")
    for amount in ("98765.000000000000000010", "1250000.000000", "20000.10", "0.00"):
        assert amount in markup


def test_what_is_not_known_is_not_0(page: httpx.Client) -> None:
    told = {name: one for one in rows(page.get("/").text) for name in ("new-one", "empty") if name in one}
    assert "no figure yet" in told["new-one"]
    assert "holds nothing" in told["empty"]
    assert "0" not in told["new-one"].partition("cloudlet")[2]


def test_a_change_is_seen_at_once(page: httpx.Client, month: Month) -> None:
    assert "41.870000" in text(page.get("/").text)
    good = next(one.good for one in month.watched if one.account == "payouts")
    assert good is not None
    fresh = attrs.evolve(good, at=NOW, rows=(Figures(Place("payouts", "USD"), total=Decimal("500.01")),))
    month.replace("payouts", last=fresh, good=fresh)
    month.held.clear()
    said = text(page.get("/").text)
    assert "500.01" in said
    assert "41.870000" not in said
    bad = Attempt("payouts", "acme", NOW, 1.0, None, error="network", message="connection reset")
    month.replace("payouts", last=bad)
    assert "500.01 USD last known" in text(page.get("/").text)
    month.watched = [one for one in month.watched if one.account != "payouts"]
    month.heard.clear()
    assert "payouts" not in page.get("/").text


def test_what_others_say_is_text_and_nothing_else(page: httpx.Client, month: Month) -> None:
    evil = "<script>alert(1)</script>&\"'"
    bad = Attempt("hosting", "<b>cloudlet</b>", NOW, 1.0, None, error="rejected", message=evil)
    month.replace("hosting", last=bad, provider="<b>cloudlet</b>")
    month.held.append(Alert("payouts", Place("payouts", "USD"), "warn", "below", NOW, evil))
    month.heard.append(Told(NOW, "<i>net</i>", evil, error=evil))
    place = Place("empty", "USD", "<i>net</i>", "</td>")
    good = Attempt("empty", "chainly", NOW, 1.0, (Figures(place, total=Decimal(1)),))
    month.replace("empty", last=good, good=good)
    for path in ("/", "/accounts/hosting", "/accounts/payouts", "/accounts/empty"):
        markup = page.get(path).text
        assert "alert(1)</" not in markup
        assert "<b>cloudlet" not in markup
        assert "<i>net" not in markup
    assert "&lt;script&gt;alert(1)" in page.get("/accounts/hosting").text


def test_the_page_of_an_account(page: httpx.Client) -> None:
    said = text(page.get("/accounts/payouts").text)
    for part in (
        "payouts: Critical", "acme, read every 15 minutes. Last read 2 min ago", "41.870000 USD",
        "Runs out in 7 hours, about Sat 21 Nov 2026, 19:43 UTC (21 Nov 18:11 to 22:49 in 8 of 10 cases).",
        "spent a day, about 130",
        "warn below 80", "critical below 50", "topped up", "forecast, and its margin in 8 of 10 cases",
    ):  # fmt: skip
        assert part in said
    markup = page.get("/accounts/payouts").text
    assert markup.count('class="mark"') == 7
    assert 'class="band"' in markup


def run_out(month: Month, name: str, currency: str, since: timedelta) -> None:
    place, at = Place(name, currency), NOW - since
    good = Attempt(name, "acme", NOW - timedelta(minutes=1), 0.2, (Figures(place, total=Decimal("0.00")),))
    month.replace(name, provider="acme", last=good, good=good)
    month.forecasts[place] = Lasting("estimate", Decimal(5), at, at, at)


def test_what_has_run_out_is_told_apart_from_what_runs_out_next(page: httpx.Client, month: Month) -> None:
    month.watched = [one for one in month.watched if one.account in ("hosting", "payouts", "empty")]
    month.held.clear()
    run_out(month, "payouts", "USD", timedelta(hours=3))
    markup = page.get("/").text
    said = text(markup)
    assert "1 account needs attention 3 accounts" in said
    assert '<section class="verdict warn"' in markup
    assert "Gone lately payouts USD has run out since 21 Nov 09:00 Runs out next hosting EUR in 44 days" in said
    assert "0.00 USD has run out since 21 Nov 09:00" in rows(markup)[0]
    said = text(page.get("/accounts/payouts").text)
    assert "payouts: Warning acme" in said
    assert "Warning. It has run out (since Sat 21 Nov 2026, 09:00 UTC)." in said
    assert "OK" not in said
    assert "runs out" not in said.lower()
    bad = Attempt("payouts", "acme", NOW, 1.0, None, error="network", message="connection reset")
    month.replace("payouts", last=bad)
    said = text(page.get("/accounts/payouts").text)
    assert "Not read. As it stood 60 s ago, it had run out (since Sat 21 Nov 2026, 09:00 UTC)." in said


def test_of_many_that_have_run_out_the_latest_are_named(page: httpx.Client, month: Month) -> None:
    names = {"payouts": "USD", "hosting": "EUR", "gateway": "USD", "cards": "CNY"}
    for days, (name, currency) in enumerate(names.items(), 1):
        run_out(month, name, currency, timedelta(days=days))
    said = text(page.get("/").text)
    latest = list(names.items())[:3]
    told = " ".join(f"{name} {code} has run out since {20 - at} Nov 12:00" for at, (name, code) in enumerate(latest))
    assert f"Gone lately {told} and 1 more, see below Runs out next" in said


def test_what_was_left_empty_is_no_news(page: httpx.Client, month: Month) -> None:
    month.watched = [one for one in month.watched if one.account in ("hosting", "payouts")]
    month.held.clear()
    run_out(month, "payouts", "USD", timedelta(days=8))
    markup = page.get("/").text
    assert "All is well" in text(markup)
    assert "Gone lately" not in markup
    hosting, payouts = rows(markup)
    assert "hosting" in hosting
    assert "has run out since 13 Nov 12:00" in payouts
    assert "payouts: OK" in text(page.get("/accounts/payouts").text)


def test_credit_that_has_expired_is_no_credit(page: httpx.Client, month: Month) -> None:
    month.watched = [one for one in month.watched if one.account in ("hosting", "empty")]
    month.held.clear()
    good = next(one.good for one in month.watched if one.account == "hosting")
    assert good is not None
    rows_then = tuple(attrs.evolve(row, expires_at=NOW - timedelta(hours=2)) for row in good.rows or ())
    good = attrs.evolve(good, rows=rows_then)
    month.replace("hosting", last=good, good=good)
    said = text(page.get("/").text)
    assert "1 account needs attention 2 accounts" in said
    assert "Gone lately hosting EUR has expired since 21 Nov 10:00 Runs out next Nothing else" in said
    said = text(page.get("/accounts/hosting").text)
    assert "It has expired (since Sat 21 Nov 2026, 10:00 UTC)." in said
    assert "Runs out" not in said


def test_a_0_that_is_not_confirmed_has_not_run_out(page: httpx.Client, month: Month) -> None:
    since = NOW - timedelta(hours=1)
    month.forecasts[Place("reserve", "USD")] = Lasting("estimate", Decimal(5), since, since, since)
    markup = page.get("/").text
    (reserve,) = (one for one in rows(markup) if "reserve" in one)
    assert "0.00 USD unconfirmed not confirmed yet" in reserve
    assert "run out" not in text(markup).lower().replace("runs out", "")
    said = text(page.get("/accounts/reserve").text)
    assert "0.00 USD unconfirmed Unconfirmed. Runway: not confirmed yet." in said


def test_stale_figures_say_what_is_missing_and_old_ones_how_old_they_are(page: httpx.Client, month: Month) -> None:
    (cards,) = (one for one in rows(page.get("/").text) if "cards" in one)
    assert "reads are missing, one is due every 15 minutes; is coffers watch running?" in cards
    assert "5 h ago" in cards
    said = text(page.get("/accounts/cards").text)
    assert "What is wrong Reads are missing, one is due every 15 minutes" in said
    good = next(one.good for one in month.watched if one.account == "hosting")
    assert good is not None
    for behind, told in ((timedelta(minutes=45), False), (timedelta(hours=7), True)):
        old = attrs.evolve(good, as_of=good.at - behind)
        month.replace("hosting", last=old, good=old)
        (hosting,) = (one for one in rows(page.get("/").text) if "hosting" in one)
        assert ("figures of 8 h ago" in hosting) is told


def test_a_paused_account_says_why_and_what_to_do(page: httpx.Client) -> None:
    said = text(page.get("/accounts/sms-west").text)
    assert "sms-west: Paused" in said
    assert "auth: the provider does not know this key (3 min ago)" in said
    assert "Mend the key in the config" in said
    assert "coffers watch --resume sms-west" in said
    assert "As it stood 26 h ago, it would run out" in said
    assert "OK" not in said


def test_how_much_history_can_be_chosen(page: httpx.Client, month: Month) -> None:
    marks = {days: page.get(f"/accounts/payouts?days={days}").text.count('class="mark"') for days in (1, 7, 30, 90)}
    top_ups = month.raised[Place("payouts", "USD")]
    assert marks == {days: sum(one.at >= NOW - timedelta(days=days) for one in top_ups) for days in (1, 7, 30, 90)}
    assert marks[7] < marks[30]
    for nonsense in ("0", "-1", "x", "1e9", "9999", "٣٠"):
        assert page.get("/accounts/payouts", params={"days": nonsense}).text.count('class="mark"') == marks[30]


def test_nothing_comes_from_elsewhere_and_nothing_is_inline(page: httpx.Client) -> None:
    for path in ("/", "/accounts/payouts", "/accounts/cold-wallet", "/static/page.css", "/static/refresh.js"):
        markup = page.get(path).text
        assert not re.search(
            r"(?:https?:)?//[a-z]", markup.replace('xmlns="http://www.w3.org/2000/svg"', "").replace("// ", "")
        )
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", markup)


@pytest.mark.parametrize("path", ["/", "/accounts/payouts"])
def test_without_a_script_the_browser_refreshes_by_itself(page: httpx.Client, path: str) -> None:
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in page.get(path).text

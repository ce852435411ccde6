"""The page in a real browser: Chromium without a screen, driven by Selenium.

Skipped with one line where Chromium or its driver is not installed. What axe-core finds is asked for only where
``COFFERS_AXE`` names a folder that it may be found in (``nox -s browser`` installs it); it is never committed.
Screenshots are kept where ``COFFERS_SCREENSHOTS`` names a folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from made_up_month import NOW, Lasting, Month, made_up_month
from served_page import TOKEN, Serve, served

from coffers_monitor.facts import Attempt, Figures, Place, Point
from coffers_monitor.web.view import Alert, Watched

webdriver: Any = pytest.importorskip("selenium.webdriver", reason="the page in a browser: pip install selenium")
WebDriverException: Any = pytest.importorskip("selenium.common.exceptions").WebDriverException
CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")

pytestmark = [
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="the page in a browser: apt-get install chromium chromium-driver"
    ),
    pytest.mark.timeout(600),
]

PAGES = ["/", "/accounts/payouts", "/accounts/cold-wallet", "/accounts/sms-west", "/accounts/new-one", "/nope"]
WIDTHS = [320, 1280]
SUBMIT = "const field = document.getElementById('token'); field.value = arguments[0]; field.form.requestSubmit()"


class Browser(Protocol):
    """What is used of the driver."""

    def get(self, url: str) -> None: ...
    def execute_script(self, script: str, *args: Any) -> Any: ...
    def execute_async_script(self, script: str, *args: Any) -> Any: ...
    def execute_cdp_cmd(self, command: str, options: dict[str, Any]) -> Any: ...
    def get_screenshot_as_png(self) -> bytes: ...
    def get_log(self, kind: str) -> list[dict[str, Any]]: ...


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    driver.set_page_load_timeout(120)
    driver.set_script_timeout(120)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(made_up_month()) as address:
        yield address


@pytest.fixture(autouse=True)
def as_it_was(browser: Browser) -> Iterator[None]:
    """Each test finds a browser of usual size, light, with scripts."""
    yield
    shown(browser, 1280)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def shown(browser: Browser, width: int, *, dark: bool = False) -> None:
    """Look at what follows at that width."""
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 400}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [theme]})


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_fits(browser: Browser, url: str, width: int) -> None:
    shown(browser, width)
    for path in PAGES:
        browser.get(url + path)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        outside = browser.execute_script(
            "return [...document.querySelectorAll('main *')].filter(e => !e.closest('.unseen, thead, svg')"
            " && (e.getBoundingClientRect().right > innerWidth + 0.5 || e.getBoundingClientRect().left < -0.5))"
            ".map(e => e.outerHTML.slice(0, 200))"
        )
        assert outside == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_longest_there_is_fits(browser: Browser, serve: Serve, month: Month, width: int) -> None:
    name, text = "a" * 60, "unbreakable" * 45
    amount = Decimal("-12345678901234567890123456789.123456789012345678901")
    place = Place(name, "X" * 32, "N" * 40, "w" * 60)
    good = Attempt(name, "p" * 40, NOW, 1.0, (Figures(place, total=amount), Figures(Place(name, "USD"), total=amount)))
    bad = Attempt(name, "p" * 40, NOW, 1.0, None, error="rejected", message=text)
    month.watched.insert(0, Watched(name, "p" * 40, 900.0, bad, good))
    month.held.append(Alert(name, place, "critical", "below", NOW, text))
    month.history[place] = [Point(NOW - timedelta(days=2), amount), Point(NOW - timedelta(days=1), -amount)]
    shown(browser, width)
    url = serve(month)
    for path in ("/", f"/accounts/{name}"):
        browser.get(url + path)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_lies_on_something_else(browser: Browser, url: str, width: int) -> None:
    shown(browser, width)
    browser.get(url + "/")
    overlapping = browser.execute_script(
        """
        const boxes = [...document.querySelectorAll('td *, th *')]
          .filter(e => !e.closest('svg, thead') && e.childElementCount === 0 && e.textContent.trim())
          .flatMap(e => [...e.getClientRects()].map(r => [e, r]));
        const found = [];
        for (const [one, a] of boxes) for (const [other, b] of boxes)
          if (one !== other && a.left + 1 < b.right && b.left + 1 < a.right
              && a.top + 4 < b.bottom && b.top + 4 < a.bottom)
            found.push(one.textContent + ' | ' + other.textContent);
        return found;
        """
    )
    assert overlapping == []


def colour(browser: Browser, of: str) -> str:
    return browser.execute_script(f"return getComputedStyle(document.body).{of}")


def test_a_dark_theme_is_followed(browser: Browser, url: str) -> None:
    grounds = []
    for dark in (False, True):
        shown(browser, 1280, dark=dark)
        browser.get(url + "/")
        grounds.append((colour(browser, "backgroundColor"), colour(browser, "color")))
    assert grounds == [("rgb(251, 251, 249)", "rgb(27, 29, 32)"), ("rgb(20, 21, 23)", "rgb(233, 233, 230)")]


def test_the_policy_forbids_nothing_that_the_page_needs(browser: Browser, url: str) -> None:
    browser.get_log("browser")
    for path in PAGES[:-1]:
        browser.get(url + path)
        assert [line for line in browser.get_log("browser") if line["level"] in ("SEVERE", "WARNING")] == []
    assert browser.execute_script("return document.styleSheets.length") == 1


def focused(browser: Browser) -> str:
    return browser.execute_script(
        "return document.activeElement.getAttribute('href') || document.activeElement.tagName"
    )


def press(browser: Browser, key: str) -> None:
    for kind in ("keyDown", "keyUp"):
        codes = {"Tab": 9, "Enter": 13}
        facts = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
        browser.execute_cdp_cmd("Input.dispatchKeyEvent", facts | ({"text": "\r"} if key == "Enter" else {}))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_keyboard_reaches_everything_in_the_order_it_is_seen(browser: Browser, url: str, width: int) -> None:
    shown(browser, width)
    browser.get(url + "/")
    order = []
    for _ in range(5):
        press(browser, "Tab")
        order.append(focused(browser))
        width_of_outline = browser.execute_script("return getComputedStyle(document.activeElement).outlineWidth")
        assert width_of_outline == "2px"
    assert order == ["#main", "/", "/accounts/payouts", "/accounts/payouts", "/accounts/gateway"]


def test_the_first_key_leads_past_the_header(browser: Browser, url: str) -> None:
    browser.get(url + "/")
    press(browser, "Tab")
    assert browser.execute_script("return document.activeElement.getBoundingClientRect().width") > 50
    press(browser, "Enter")
    assert browser.execute_script("return location.hash") == "#main"
    press(browser, "Tab")
    assert focused(browser) == "/accounts/payouts"


def test_without_scripts_all_is_there(browser: Browser, url: str) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(url + "/")
    # Scripts of the page are off; what the driver runs is not one of them.
    tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    names = " ".join(str(node.get("name", {}).get("value", "")) for node in tree)
    for part in (
        "6 accounts need attention",
        "Runs out first",
        "in 7 hours",
        "payouts",
        "timeout",
        "last known",
        "Critical",
    ):
        assert part in names
    roles = [node.get("role", {}).get("value") for node in tree]
    assert roles.count("table") == 1
    assert roles.count("rowheader") == 10


def test_a_telephone_tells_a_screen_reader_the_same_table(browser: Browser, url: str) -> None:
    roles = []
    for width in WIDTHS:
        shown(browser, width)
        browser.get(url + "/")
        tree = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        told = [node.get("role", {}).get("value") for node in tree if not node.get("ignored")]
        roles.append({role: told.count(role) for role in ("table", "row", "rowheader", "columnheader")})
    assert roles[0] == roles[1] == {"table": 1, "row": 13, "rowheader": 10, "columnheader": 7}


def test_the_script_takes_over_what_is_new_and_keeps_the_focus(browser: Browser, serve: Serve, month: Month) -> None:
    browser.get(serve(month) + "/")
    browser.execute_script("document.querySelector('main a[href=\"/accounts/hosting\"]').focus()")
    month.held.clear()
    month.watched = [one for one in month.watched if one.account in ("hosting", "empty")]
    # What the clock does once a minute.
    browser.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    said = browser.execute_async_script(
        """
        const done = arguments[0];
        const told = () => [document.querySelector('h1').textContent, document.activeElement.getAttribute('href')];
        const look = () => document.title.startsWith('All is well')
          ? setTimeout(() => done(told()), 50) : setTimeout(look, 50);
        look();
        """
    )
    assert said == ["All is well", "/accounts/hosting"]


def test_when_nobody_answers_the_page_says_that_it_is_old(browser: Browser) -> None:
    with served(made_up_month()) as url:
        browser.get(url + "/")
    browser.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    done = "const done = arguments[0]; const look = () => document.body.matches('.away') ? done("
    done += "getComputedStyle(document.querySelector('.top'), '::after').content) : setTimeout(look, 50); look()"
    assert "these figures are old" in browser.execute_async_script(done)


def test_a_person_logs_in_and_out(browser: Browser, serve: Serve, month: Month) -> None:
    url = serve(month, token=TOKEN)
    browser.get(url + "/accounts/payouts")
    assert browser.execute_script("return location.pathname") == "/login"
    assert browser.execute_script("return document.activeElement.id") == "token"
    browser.execute_script(SUBMIT, "wrong")
    wait(browser, "document.getElementById('wrong')")
    browser.execute_script(SUBMIT, TOKEN)
    wait(browser, "location.pathname === '/' && document.querySelector('.accounts')")
    assert browser.execute_script("return document.cookie") == ""  # no script can read it
    assert httpx.get(url, timeout=60).status_code == 303
    browser.execute_script("document.querySelector('.top button').click()")
    wait(browser, "location.pathname === '/login'")
    browser.get(url + "/")
    assert browser.execute_script("return location.pathname") == "/login"


def wait(browser: Browser, condition: str) -> None:
    """Until it holds; meanwhile a page may be replaced by another."""
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        with contextlib.suppress(WebDriverException):
            if browser.execute_script(f"return Boolean({condition})"):
                return
        time.sleep(0.05)
    pytest.fail(f"never: {condition}")


@pytest.mark.skipif("COFFERS_AXE" not in os.environ, reason="the page held against axe-core: nox -s browser")
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_fault(browser: Browser, url: str, serve: Serve, month: Month, width: int, dark: bool) -> None:
    axe = Path(os.environ["COFFERS_AXE"], "node_modules/axe-core/axe.min.js").read_text("utf-8")
    shown(browser, width, dark=dark)
    month.held.clear()
    gone = NOW - timedelta(hours=5)
    month.forecasts[Place("reserve", "USD")] = Lasting("estimate", Decimal(1), gone, gone, gone)
    locked, spent = serve(month, token=TOKEN), serve(month)
    pages = [*(url + path for path in (*PAGES, "/accounts/reserve", "/accounts/cards")), f"{locked}/login"]
    for page in (*pages, f"{spent}/", f"{spent}/accounts/reserve"):
        browser.get(page)
        without_fault(browser, axe)
    browser.get(f"{locked}/login")
    browser.execute_script(SUBMIT, "wrong")
    wait(browser, "document.getElementById('wrong')")
    without_fault(browser, axe)


def without_fault(browser: Browser, axe: str) -> None:
    browser.execute_script(axe)
    run = "axe.run({rules: {'target-size': {enabled: true}}}).then(arguments[0])"
    found = browser.execute_async_script(run)
    assert len(found["passes"]) > 10
    faults = [(one["id"], one["impact"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]]
    assert faults == [], json.dumps(faults, indent=1)


if "COFFERS_SCREENSHOTS" in os.environ:

    @pytest.mark.parametrize("dark", [False, True])
    @pytest.mark.parametrize("width", WIDTHS)
    def test_screenshots_to_look_at(browser: Browser, url: str, width: int, dark: bool) -> None:
        folder = Path(os.environ["COFFERS_SCREENSHOTS"])
        folder.mkdir(parents=True, exist_ok=True)
        for path in PAGES:
            shown(browser, width, dark=dark)
            browser.get(url + path)
            height = browser.execute_script("return document.documentElement.scrollHeight")
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 400}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            name = f"{path.strip('/').replace('/', '-') or 'all'}-{width}-{'dark' if dark else 'light'}.png"
            (folder / name).write_bytes(browser.get_screenshot_as_png())
            assert (folder / name).stat().st_size > 1000

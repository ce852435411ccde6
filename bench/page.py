"""From a result to the documentation's page. The same result makes the same page, to the letter: a test checks it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.goals import GOALS

_HEAD = """\
# How fast it is

Written by `nox -s bench -- --publish`, charts and all; not by hand. A fast server on loopback, in a process of its own,
answers 18 balances under 14 headers, as an API behind a content network sends them. Each client is called in the way
its documentation shows, in an interpreter of its own, round by round in an order shuffled anew. Where a client can
be told to, it keeps every digit of an amount, as coffers always does.

A figure is a median, with its quartiles in brackets. A ratio is made round by round and then the median taken, so that
what else the machine did disturbs both sides of it: trust the ratios more than the seconds. CPU is user and system time
of all threads of the client's process; the server's is not in it. Nothing here says anything of a provider's network.
"""

_ONE_READ = """\
## One read

One read after the other over a kept connection. coffers does all that it does elsewhere: one deadline for everything,
caps on sizes, strict JSON, exact amounts, checked classes, secrets taken out of errors. The others hand over a `dict`.
The raw socket is no client; it shows what Python itself costs. Providers' own clients have {doc}`a page of their own
<own-clients>`.
"""

_FAN_OUT = """\
## Many accounts

Accounts side by side, at a server that waits so long with each answer. Wall time is beside the ideal: latency, times
accounts, by how many at once. The time to open the connections is in it, the imports are not.
"""

_COLD_START = """\
## From a cold start

Whole commands, from the start of Python to its end. coffers and {plugins} plugins were installed and their bytecode
compiled; a plugin that is not asked for fails when it is imported, so none is. The script beside `coffers balances`
makes the same call with urllib3 and prints the same amounts, and nothing else.
"""

_GROWTH = """\
## Growth

The exponent is fitted over the medians by least squares of the logarithms: 0 is flat, 1 is in proportion. Among
balances it is fitted where they are most of the cost.
"""

_GROWN = {
    "accounts": ("accounts", "CPU µs a read", "What a read of `read_many` costs, by how many accounts it was given"),
    "providers": ("providers", "CPU µs a read", "What a read costs, by how many providers are installed and in use"),
    "starts": ("providers", "wall ms", "What `coffers balances` of one account takes, by how many are installed"),
    "balances": ("balances", "CPU µs a read", "What a read costs, by how many balances the answer holds"),
}

_ROUGH = """\
```{warning}
This is the rough look of `--quick`: few rounds, fewer accounts.
```
"""


def page(result: Mapping[str, Any]) -> str:
    """The page."""
    parts = [
        _HEAD,
        *([_ROUGH] if result["quick"] else []),
        _about(result),
        "## Goals\n",
        _table(("what", "at most", "measured", ""), _goals(result)),
        *_one_read(result),
        *_fan_out(result),
        *_cold_start(result["cold_start"]),
        *_growth(result["growth"]),
        "## Not measured\n",
        _not_measured(result["not_measured"]),
        "## Versions\n",
        _table(("client", "version", "how it was called"), _versions(result)),
    ]
    return "\n".join(parts)


def _about(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    rows = (
        ("Date", machine["date"]),
        ("Machine", f"{machine['processor']}, {machine['cores']} cores, {machine['system']}"),
        ("Python", machine["python"]),
        ("Load before the run", f"{machine['load']:g}"),
    )
    return "\n\n".join(f"{term}\n: {said}" for term, said in rows) + "\n"


def _goals(result: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for goal in GOALS:
        figure, verdict = goal.told(result)
        name = re.sub(r"coffers --\w+", r"`\g<0>`", goal.name)  # else a dash is made of the two hyphens
        yield name, f"{goal.limit:g}", figure or "–", verdict


def _one_read(result: Mapping[str, Any]) -> Iterable[str]:
    yield _ONE_READ
    head = ("client", "CPU, urllib3 = 1", "wall, urllib3 = 1", "CPU µs", "wall µs", "most memory, MiB")
    for scheme, title in (("http", "HTTP"), ("https", "TLS")):
        found = result["one_read"][scheme]
        yield f"### Over {title}\n"
        yield _image(f"one-read-{scheme}", f"CPU of one read over {title}, by client")
        yield _table(
            head,
            [
                (
                    _ours(row["peer"]),
                    *(_spread(row[figure]) for figure in ("cpu_ratio", "wall_ratio", "cpu_us", "wall_us")),
                    f"{row['rss_peak_mib']:.0f}",
                )
                for row in found["rows"]
            ],
        )
        reopened = [f"{row['peer']} {row['new_connections']}" for row in found["rows"] if row["new_connections"]]
        opened = f" New connections were opened by: {', '.join(reopened)}." if reopened else ""
        yield f"{found['rounds']} rounds of {found['reads']} reads each.{opened}\n"


def _fan_out(result: Mapping[str, Any]) -> Iterable[str]:
    yield _FAN_OUT
    head = ("client", "at once", "wall, ideal = 1", "CPU s for 1,000", "CPU, urllib3 = 1", "memory growth, MiB")
    figures = ("ideal_ratio", "cpu_s_per_1000", "cpu_ratio", "rss_growth_mib")
    for scene, found in result["fan_out"].items():
        away = f"{found['latency_ms']:g} ms away{', over TLS' if found.get('scheme') == 'https' else ''}"
        yield f"### {found['accounts']:,} accounts, {away}\n"
        yield _image(f"many-{scene}", f"CPU of 1,000 reads, {away}, by client")
        yield _table(
            head,
            [
                (_ours(row["peer"]), f"{row['at_once']:,}", *(_spread(row[figure]) for figure in figures))
                for row in found["rows"]
            ],
        )
        yield f"Rounds: {found['rounds']}, each in a new process.\n"


def _cold_start(found: Mapping[str, Any]) -> Iterable[str]:
    yield _COLD_START.format(plugins=found["plugins"])
    yield _image("cold-start", "Wall time of whole commands")
    rows = [
        (
            f"`{row['command']}`" if not row["command"].startswith("a ") else row["command"],
            *(_spread(row[figure]) for figure in ("wall_ratio", "wall_ms", "cpu_ratio")),
            _spread(row["beside"]) if row["beside"] else "",
        )
        for row in found["rows"]
    ]
    yield _table(("command", "wall, `pass` = 1", "wall ms", "CPU, `pass` = 1", "wall, urllib3 script = 1"), rows)
    yield f"Rounds: {found['rounds']}.\n"


def _growth(growth: Mapping[str, Any]) -> Iterable[str]:
    yield _GROWTH
    for of, found in growth.items():
        across, up, said = _GROWN[of]
        memory = "rss_peak_mib" in found["rows"][0]
        yield f"### {said}\n"
        yield _image(f"growth-{of}", said.replace("`", ""))
        yield _table(
            (across, up, *(("most memory, MiB",) if memory else ())),
            [
                (
                    f"{row['size']:,}",
                    _spread(row[found["unit"]]),
                    *((f"{row['rss_peak_mib']:.0f}",) if memory else ()),
                )
                for row in found["rows"]
            ],
        )
        fitted = f", fitted from {found['fitted_from']:,} on"
        yield f"Exponent: {found['exponent']:g}{fitted}. Rounds: {found['rounds']}.\n"


def _not_measured(missing: Mapping[str, Mapping[str, str]]) -> str:
    lines = [f"- {name} ({where}): {reason}" for where, found in missing.items() for name, reason in found.items()]
    return "\n".join(lines or ["Nothing that was to be measured was left out."]) + "\n"


def _versions(result: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for name, facts in result["peers"].items():
        yield name, facts["version"] or "of Python itself", facts["title"].partition(": ")[2]


def _ours(name: str) -> str:
    return f"**{name}**" if name.startswith("coffers") else name


def _spread(found: Mapping[str, float]) -> str:
    return f"{found['median']:g} ({found['low']:g}–{found['high']:g})"


def _image(name: str, alt: str) -> str:
    return f"![{alt}](performance/{name}.svg)\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

"""Rules: what is kept of an account and one more reading in, what there is to tell out. Pure; no clock, no I/O.

rule.py     what a rule asks for, and which rules decide for a place
config.py   `[[monitor.rules]]`: TOML values become rules, or every fault at once
state.py    what is kept between two readings, and its JSON
alarm.py    one alarm: levels, confirmations, margins, what is told when
judge.py    the judgement: one reading, or time alone
notice.py   what there is to tell
"""

from __future__ import annotations

from .config import Fault, never_seen, parse_span, read_rules, too_short
from .judge import FORGOTTEN_AFTER, Judgement, RunwayLike, is_doubtful, judge, standing, tick
from .notice import Event, Forecast, Notice, Subject
from .rule import Kind, Level, Rule, rules_of_account, rules_of_place
from .state import Alarm, Failure, Kept, State, StateError

__all__ = [
    "FORGOTTEN_AFTER",
    "Alarm",
    "Event",
    "Failure",
    "Fault",
    "Forecast",
    "Judgement",
    "Kept",
    "Kind",
    "Level",
    "Notice",
    "Rule",
    "RunwayLike",
    "State",
    "StateError",
    "Subject",
    "is_doubtful",
    "judge",
    "never_seen",
    "parse_span",
    "read_rules",
    "rules_of_account",
    "rules_of_place",
    "standing",
    "tick",
    "too_short",
]

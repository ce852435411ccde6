"""The documentation's page on the standard checks names each once, with its own words."""

from __future__ import annotations

import re

from coffers.testing.checks import CHECKS
from docs.check_page import page


def test_every_check_is_there_with_its_advice() -> None:
    text = page()
    assert sorted(re.findall(r"^`([a-z0-9-]+)`\n: ", text, re.MULTILINE)) == sorted(check.name for check in CHECKS)
    unfolded = " ".join(text.split())
    assert [check.name for check in CHECKS if " ".join(check.advice.split()) not in unfolded] == []
    assert len(CHECKS) > 20

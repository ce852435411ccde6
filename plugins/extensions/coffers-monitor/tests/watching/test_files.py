"""What the service looks at beside its reads: the config file, and requests of people."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from coffers import ConfigError, InvalidConfigError
from coffers_monitor.watching.asking import Requests, ask, folder_of
from coffers_monitor.watching.changes import Reloading


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text("1")
    return path


def reloading(path: Path) -> Reloading[int]:
    def load() -> int:
        text = path.read_text()
        if text == "two faults":
            raise InvalidConfigError("both", problems=["one", "two"])
        if not text.isdigit():
            raise ConfigError("no number")
        return int(text)

    return Reloading(path, load)


def test_a_change_is_seen_however_it_comes(file: Path) -> None:
    watched = reloading(file)
    assert not watched.changed()
    for change in (
        lambda: file.write_text("22"),  # another size
        lambda: os.utime(file, ns=(1, 1)),  # written at another time
        lambda: file.with_suffix(".new").write_text("33") and file.with_suffix(".new").replace(file),  # replaced
    ):
        change()
        assert watched.changed()
        assert watched.reload() == ()
        assert not watched.changed()
    assert watched.current == 33


def test_a_link_that_leads_elsewhere_is_a_change(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    watched = reloading(link)
    other = tmp_path / "other"
    other.write_text("2")
    link.unlink()
    link.symlink_to(other)
    assert watched.changed()
    assert (watched.reload(), watched.current) == ((), 2)


def test_a_bad_one_changes_nothing_and_is_told_once(file: Path) -> None:
    watched = reloading(file)
    file.write_text("two faults")
    assert (watched.reload(), watched.current) == (("one", "two"), 1)
    assert not watched.changed()
    file.write_text("another")
    assert (watched.reload(), watched.current) == (("no number",), 1)
    file.write_text("5")
    assert (watched.reload(), watched.current) == ((), 5)


def test_a_file_that_is_gone_is_a_change(file: Path) -> None:
    watched = reloading(file)
    file.unlink()
    assert watched.changed()


def test_a_first_file_that_is_bad_is_refused(file: Path) -> None:
    file.write_text("bad")
    with pytest.raises(ConfigError):
        reloading(file)


def test_who_asks_is_answered_by_the_service_that_watches_that_config(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "config.toml", tmp_path / "state")
    assert folder != folder_of(tmp_path / "other.toml", tmp_path / "state")
    requests = Requests(folder)
    assert requests.take() == []
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(ask(folder, "shop", 60)))
    asking.start()
    taken: list[str] = []
    while not taken:
        taken = requests.take()
    asking.join()
    assert (taken, answers, requests.take()) == (["shop"], [True], [])


def test_where_nobody_answers_the_request_is_withdrawn(tmp_path: Path) -> None:
    assert not ask(tmp_path / "requests", "shop", 0.1)
    assert Requests(tmp_path / "requests").take() == []


def test_what_was_asked_before_the_service_began_is_done_by_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "shop").touch()
    assert Requests(tmp_path).take() == []

"""The command line, ``pip install "coffers[cli]"``: data on stdout, everything else on stderr.

Roof; uses the front door only. Start here:

    app.py        the commands by name, each imported when it is called; `run` turns every ending into an exit code
    endings.py    exit codes, and how a fault of ours is told
    options.py    options that several commands share
    log.py        what goes on, on stderr
    accounts.py   which config, which of its accounts
    show.py       read accounts and show them: the one path of `balances` and `demo`
    formats.py    JSON, JSON lines, CSV
    rows.py       outcomes as rows of text
    table.py      rows as a table for people, or as a list where the terminal is narrow
    terminal.py   streams: what is a terminal, colours, progress
    thresholds.py amounts of `check`, and the judgement
    commands/     one module a command
"""

from coffers.cli.app import app, run

__all__ = ["app", "run"]

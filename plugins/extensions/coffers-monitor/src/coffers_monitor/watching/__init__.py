"""The service that reads every account again and again. Start here:

    pace.py       when an account is read next: the interval, its jitter, waits asked for, the pause after refusals
    timetable.py  whose turn it is: APScheduler
    service.py    `Watch`: reads whose turn it is with the core's client, hands each finished read over
    plan.py       what a config file comes to
    minding.py    what happens beside: the config changes, somebody asks, a signal comes
    threads.py    blocking code beside the loop, in daemon threads
    alone.py      one service for one config
    changes.py    the config file, looked at again and again; a bad one changes nothing
    asking.py     how somebody asks a running service to read a paused account
    lines.py      a line for each read
    desk.py       what reading leads to: opened, following the config, closed
    backlog.py    reads that wait for the database
    books.py      each read kept, judged and put into the outbox, in one transaction
    post.py       delivery, beside all else
    marks.py      what stands for an account's config
    faults.py     what is told of a fault
    command.py    `coffers watch`

`Watch` knows no store and no rules: what a finished read leads to is one function, `Desk.take`.
"""

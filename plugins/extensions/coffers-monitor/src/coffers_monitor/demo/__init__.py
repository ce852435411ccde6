"""The monitor shown on the sandbox, in quickened time: money is spent, forecasts are made, alerts are delivered.

All of it is real but the money and the time: accounts are read over HTTP, kept in a database, judged by rules, and told
to a webhook on this machine. A second is an hour.

    quick.py      the demo's time
    spending.py   what is spent and topped up, and one provider that fails for half a day
    receiver.py   a webhook that shows what it gets
    show.py       all of it together: `coffers demo --monitor`
"""

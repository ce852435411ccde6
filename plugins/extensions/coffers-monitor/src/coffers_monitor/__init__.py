"""Know days before money runs out: what `coffers` reads, watched, kept, forecast and told.

extension.py   what `coffers` gets of this package
watching/      reads every account again and again, and what a read leads to
recording.py   keeps what other commands read
store/         where reads are kept
runway/        how long an amount lasts
rules/         what is worth knowing
notify/        told to somebody
web/           shown: the page, the API
metrics.py     shown to Prometheus
history/       `coffers history`
demo/          all of it on the sandbox
deploy/        files for whoever runs it
facts.py       the values that all of these hand to one another
attempts.py    a read of the core as one of them
config.py      the table `[monitor]`, of which parts.py has the whole
lookup.py      what a reference stands for
"""

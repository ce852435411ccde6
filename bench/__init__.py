"""The benchmark suite, ``nox -s bench``: coffers beside other clients, over loopback. Never published.

    __main__.py     the command
    run.py          a whole run: how much of it, environments, servers, one measurement after the other
    peers/          one script a client, called as its documentation shows; its first lines say what to install
    script.py       finds those scripts, and the ones that plugins bring along for their provider's own client
    environment.py  an environment for each peer
    server.py       the fast server, a process of its own
    serving.py      starts it and asks what it counted
    at_work.py      a peer at work: runs inside the peer's environment, does nothing else
    worker.py       starts a peer and has it read
    one_read.py     measures: reads one after the other over kept connections
    fan_out.py      measures: many accounts at once, far away
    cold_start.py   measures: whole commands, from the start of Python to their end
    growth.py       measures: what a read costs as accounts, providers and balances grow
    own_clients.py  measures: providers' own clients, whose scripts lie in the plugins' folders
    tally.py        the made-up provider `tally` that coffers reads the same server through
    plugins.py      puts it, and others, into an environment
    scripts/        further scripts that are started
    figures.py      medians, ratios, spread, exponents
    goals.py        what is to be reached
    machine.py      what the run was made on
    page.py         from the result to the documentation's page
    chart.py        from the result to its charts
    result.json     what the last published run measured

To add a peer, add its script to ``peers/``; a provider's own client goes into the folder ``bench/`` of the provider's
plugin. What is measured is what its `reading` yields, and its `fan_out`.
"""

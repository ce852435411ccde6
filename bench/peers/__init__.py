"""One script a client. Each runs alone, in an environment with what its first lines ask for. One that only sets another
on a different event loop imports it from here; else none imports another.

``reading(base_url, key, ca_file)`` is a context manager, sync or async, that yields a function which makes one read.
``fan_out(base_url, key, ca_file, accounts, concurrency)``, where there is one, reads so many accounts, so many at once,
and returns how many balances came. ``amounts(answer)``, where there is one, makes of an answer its amounts by currency;
else the answer is the parsed JSON. ``new_event_loop()``, where there is one, makes the loop that all this runs on.
"""

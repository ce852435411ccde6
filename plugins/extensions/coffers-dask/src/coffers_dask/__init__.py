"""coffers on many machines: dask.distributed reads the accounts, Parquet keeps what is found.

    from coffers_dask import executor, to_parquet, unread

    todo = unread(accounts, "balances")
    outcomes = client.read_many(todo, executor=executor(dask_client), batches=64)
    to_parquet(outcomes, "balances")

Two rooms: `once.py` runs a call at most once, whatever dask does about a lost worker; `parquet.py` knows the files. It
must never send a secret, nor have an account read again without saying so.
"""

from .once import BegunBeforeError, OnceExecutor, executor
from .parquet import SCHEMA, Written, to_parquet, unread

__all__ = ["SCHEMA", "BegunBeforeError", "OnceExecutor", "Written", "executor", "to_parquet", "unread"]

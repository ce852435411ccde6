"""Where the monitor keeps what it has read: SQLite in a file, or PostgreSQL.

    with Store.open("sqlite:///monitor.sqlite3") as store:
        with store.begin() as transaction:
            transaction.add(attempt)
        for account, (last, success) in store.latest().items():
            ...

Values of `coffers_monitor.facts` go in and come out with every digit. No secret is ever stored, nor shown: the address
of a database may hold a password.

    store.py      the door
    address.py    where a database is
    engine.py     the two kinds of database, and what is said when one fails
    schema.py     migrations, run when it is opened; they lie in migrations/
    tables.py     the tables
    writing.py    a transaction
    reading.py    what is read
    notices.py    the outbox
    refusals.py   how often a key was refused
    thinning.py   what is taken away when it is old
    hours.py      few points for many
    rows.py       rows put where they may be already
    settings.py   what the config says about it
    errors.py     `StoreError`
"""

from .address import Address, address_fault, default_address, resolved
from .errors import StoreError
from .notices import DueNotice, KeptNotice, WaitingNotices
from .reading import Counted
from .settings import StoreFault, read_database, read_keep
from .store import Store
from .thinning import Keep
from .writing import Transaction

__all__ = [
    "Address",
    "Counted",
    "DueNotice",
    "Keep",
    "KeptNotice",
    "Store",
    "StoreError",
    "StoreFault",
    "Transaction",
    "WaitingNotices",
    "address_fault",
    "default_address",
    "read_database",
    "read_keep",
    "resolved",
]

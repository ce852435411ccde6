"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "coffers_account",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("last_at", sa.BigInteger),
        sa.Column("last_n", sa.Integer),
        sa.Column("ok_at", sa.BigInteger),
        sa.Column("ok_n", sa.Integer),
        sa.Column("thinned", sa.BigInteger),
        sa.Column("merged", sa.BigInteger),
        sa.UniqueConstraint("name", "provider", name="coffers_account_name"),
    )
    op.create_table(
        "coffers_place",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("coffers_account.id"), nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("wallet", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.UniqueConstraint("account_id", "currency", "network", "wallet", "unit", name="coffers_place_name"),
    )
    op.create_table(
        "coffers_attempt",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("coffers_account.id"), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("elapsed_s", sa.Float(53), nullable=False),
        sa.Column("as_of", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("retry_after_s", sa.Float(53)),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coffers_figure",
        sa.Column("place_id", sa.Integer, sa.ForeignKey("coffers_place.id"), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("total", sa.Text),
        sa.Column("available", sa.Text),
        sa.Column("pending", sa.Text),
        sa.Column("reserved", sa.Text),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("unconfirmed", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coffers_count",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("coffers_account.id"), primary_key=True),
        sa.Column("outcome", sa.Text, primary_key=True),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("elapsed_s", sa.Float(53), nullable=False),
        sqlite_with_rowid=False,
    )
    points = [
        column
        for name in ("first", "last", "low", "high")
        for column in (
            sa.Column(f"{name}_at", sa.BigInteger, nullable=False),
            sa.Column(name, sa.Text, nullable=False),
        )
    ]
    op.create_table(
        "coffers_hour",
        sa.Column("place_id", sa.Integer, sa.ForeignKey("coffers_place.id"), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        *points,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coffers_state",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "coffers_notice",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("next_try", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("claim", sa.Text),
        sa.Column("claimed_until", sa.BigInteger),
        sa.Column("last_error", sa.Text),
    )
    op.create_index("coffers_notice_due", "coffers_notice", ["next_try"])
    op.create_index("coffers_notice_at", "coffers_notice", ["at"])

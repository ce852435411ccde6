"""The outbox knows whom each notice is for; and it is kept since when the config of each account is as it is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

#: Before, a notice's name was 32 digits, a full stop, and whom it is for.
_NAME_BEGINS = 34


def upgrade() -> None:
    """Fill in what the names of the notices tell; none of those that wait shall wait for others."""
    op.add_column("coffers_notice", sa.Column("channel", sa.Text, nullable=False, server_default=""))
    op.add_column("coffers_notice", sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()))
    notice = sa.table("coffers_notice", sa.column("id", sa.Text), sa.column("channel"), sa.column("urgent"))
    op.execute(notice.update().values(channel=sa.func.substr(notice.c.id, _NAME_BEGINS), urgent=sa.true()))
    op.create_table(
        "coffers_config",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )

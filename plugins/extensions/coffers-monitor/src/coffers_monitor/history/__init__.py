"""`coffers history`: what was read, as a table, CSV, JSON or Parquet. Reads the store, never a provider.

command.py   the command
report.py    a read as JSON: `coffers.history/1`
formats.py   CSV, JSON, JSON lines
table.py     for people
parquet.py   for dataframes; needs pyarrow
times.py     `--since` and `--until`
"""

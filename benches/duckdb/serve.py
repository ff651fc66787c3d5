"""Holds positions in a table and finds meetings in it as often as it is asked.

    serve.py QUERY.sql POSITIONS.csv

Writes the version of DuckDB when the table is there. For each line that it reads it runs the query and writes the number
of rows and the seconds of processor time that it took.
"""

import sys
import time

import duckdb

query_path, positions_path = sys.argv[1:]
with open(query_path, encoding="utf-8") as file:
    query = file.read()
database = duckdb.connect()
columns = {"mmsi": "INTEGER", "at_ms": "BIGINT", "latitude_deg": "DOUBLE", "longitude_deg": "DOUBLE"}
database.execute(
    "CREATE TABLE positions AS SELECT * FROM read_csv(?, header = false, columns = ?)",
    [positions_path, columns],
)
# The detector has one core as well.
database.execute("SET threads = 1")
print(duckdb.__version__, flush=True)
for _ in sys.stdin:
    started_at = time.process_time()
    meetings = database.execute(query).fetchall()
    print(len(meetings), time.process_time() - started_at, flush=True)

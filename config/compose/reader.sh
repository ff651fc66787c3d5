#!/bin/bash
# Run by ClickHouse's image when its volume is new: the role of those who only look, and the user that Grafana is.
#
# A query of theirs changes nothing, lasts at most a minute, and takes at most 4 GB and 10 million rows of answer.
# The time alone may be lowered by a query, which Grafana's data source does.
set -euo pipefail

export CLICKHOUSE_PASSWORD
CLICKHOUSE_PASSWORD=$(cat "$CLICKHOUSE_PASSWORD_FILE")
# As a hash, so that no sign of the password means anything here.
hash=$(tr -d '\n' </run/secrets/reader_password | sha256sum | cut -d ' ' -f 1)

clickhouse-client --user "$CLICKHOUSE_USER" --multiquery <<SQL
CREATE ROLE IF NOT EXISTS readers SETTINGS
    readonly = 1,
    max_execution_time = 60 MIN 1 MAX 60 CHANGEABLE_IN_READONLY,
    max_memory_usage = 4000000000,
    max_result_rows = 10000000;
GRANT SELECT ON alongside.* TO readers;
CREATE USER IF NOT EXISTS reader IDENTIFIED WITH sha256_hash BY '$hash' DEFAULT ROLE readers;
GRANT readers TO reader;
SQL

#!/bin/bash
# Run by ClickHouse's image when its volume is new: the role of those who only look
# (config/clickhouse/roles/reader.sql), and the user that Grafana is.
set -euo pipefail

export CLICKHOUSE_PASSWORD
CLICKHOUSE_PASSWORD=$(cat "$CLICKHOUSE_PASSWORD_FILE")
# As a hash, so that no sign of the password means anything here.
hash=$(tr -d '\n' </run/secrets/reader_password | sha256sum | cut -d ' ' -f 1)

clickhouse-client --user "$CLICKHOUSE_USER" --multiquery </etc/alongside/reader.sql
clickhouse-client --user "$CLICKHOUSE_USER" --multiquery <<SQL
CREATE USER IF NOT EXISTS reader IDENTIFIED WITH sha256_hash BY '$hash' DEFAULT ROLE alongside_reader;
GRANT alongside_reader TO reader;
SQL

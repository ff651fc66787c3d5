-- A role for those who only look: dashboards, notebooks. It is no part of what `alongside schema apply` does, because
-- it takes the right to make roles. Whoever has that applies it once, for instance
--
--     clickhouse-client --multiquery < config/clickhouse/roles/reader.sql
--
-- and gives it to a user: CREATE USER grafana IDENTIFIED BY '…' DEFAULT ROLE alongside_reader;

CREATE SETTINGS PROFILE IF NOT EXISTS alongside_reader SETTINGS
    readonly = 2, -- may set formats and limits for itself, and change nothing
    max_execution_time = 60 MAX 300,
    max_memory_usage = 4000000000 MAX 8000000000,
    max_result_rows = 1000000 MAX 10000000;

CREATE QUOTA IF NOT EXISTS alongside_reader FOR INTERVAL 1 hour MAX queries = 20000, execution_time = 7200;

CREATE ROLE IF NOT EXISTS alongside_reader SETTINGS PROFILE 'alongside_reader';

GRANT SELECT ON alongside.* TO alongside_reader;

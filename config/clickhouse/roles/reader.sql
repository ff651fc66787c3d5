-- A role for those who only look: dashboards, notebooks. It is no part of what `alongside schema apply` does, because
-- it takes the right to make roles. Whoever has that applies it once, for instance
--
--     clickhouse-client --multiquery < config/clickhouse/roles/reader.sql
--
-- and gives it to a user: CREATE USER grafana IDENTIFIED BY '…' DEFAULT ROLE alongside_reader;
-- docker-compose.yml does both (config/compose/reader.sh).

-- A query changes nothing, lasts at most a minute, and takes at most 4 GB and 10 million rows of answer. The time alone
-- may be lowered by a query, which Grafana's data source does. (CHANGEABLE_IN_READONLY is refused by a server without
-- `settings_constraints_replace_previous` under `access_control_improvements`; the configuration that comes with
-- ClickHouse's packages and image has it.)
CREATE ROLE IF NOT EXISTS alongside_reader SETTINGS
    readonly = 1,
    max_execution_time = 60 MIN 1 MAX 60 CHANGEABLE_IN_READONLY,
    max_memory_usage = 4000000000,
    max_result_rows = 10000000;

-- For each user who has it.
CREATE QUOTA IF NOT EXISTS alongside_reader KEYED BY user_name
    FOR INTERVAL 1 hour MAX queries = 100000, execution_time = 14400
    TO alongside_reader;

GRANT SELECT ON alongside.* TO alongside_reader;

-- Events, as they were told last.
--
-- What deduplicates here: a retry of an insert is dropped by its token, while the table remembers that (the last
-- `non_replicated_deduplication_window` inserts). Whatever comes again after that, and every later telling, is
-- dropped by version: of rows with one sorting key the highest version stays, of equal versions the one inserted
-- last. The key holds which program with which parameters told the event, because these count versions anew; the
-- views show of each event what was told last.
--
-- Tuples have no names here, because the client that fills the table knows none; `v_events` gives them.
--
-- The partition is the month in which the event was first found to begin. It is part of the id, so that versions of
-- one event are always in one partition.
CREATE TABLE IF NOT EXISTS events (
    id String CODEC(ZSTD(1)),
    version UInt32,
    kind LowCardinality(String),
    state LowCardinality(String),
    class LowCardinality(Nullable(String)),
    class_confidence Nullable(Float64),
    class_reasons Array(Tuple(String, Float64, String)) CODEC(ZSTD(1)),
    vessels Array(Tuple(
        UInt32, Nullable(UInt32), Nullable(String), Nullable(String), Nullable(String),
        Nullable(String), Nullable(UInt16), Nullable(UInt16), Nullable(Float64), Nullable(Float64),
        Array(Tuple(DateTime64(3, 'UTC'), DateTime64(3, 'UTC'))), UInt32, Array(String))) CODEC(ZSTD(1)),
    first_started_at DateTime('UTC') COMMENT 'as first computed: the instant that is in the id',
    started_at DateTime64(3, 'UTC'),
    started_at_earliest Nullable(DateTime64(3, 'UTC')),
    started_at_latest DateTime64(3, 'UTC'),
    ended_at DateTime64(3, 'UTC'),
    ended_at_earliest DateTime64(3, 'UTC'),
    ended_at_latest Nullable(DateTime64(3, 'UTC')),
    latitude_deg Float64,
    longitude_deg Float64,
    distance_m_min Nullable(Float64),
    distance_m_p50 Nullable(Float64),
    distance_m_p95 Nullable(Float64),
    contact_s Nullable(UInt32),
    contact_within_50_m_s Nullable(UInt32),
    contact_within_100_m_s Nullable(UInt32),
    contact_within_200_m_s Nullable(UInt32),
    contact_within_500_m_s Nullable(UInt32),
    speed_knots_p50 Nullable(Float64),
    hull_gap_m_p50 Nullable(Float64),
    hull_gap_uncertainty_m Nullable(Float64),
    heading_difference_deg_p50 Nullable(Float64),
    body_frame_spread_m Nullable(Float64),
    earth_frame_spread_m Nullable(Float64),
    drift_knots Nullable(Float64),
    drift_course_deg Nullable(Float64),
    approach_knots Array(Nullable(Float64)),
    parting_knots Array(Nullable(Float64)),
    night_share Nullable(Float64),
    third_vessels Array(UInt32),
    raft Nullable(String),
    observed_s Array(UInt32),
    bridged_s Array(UInt32),
    silence_max_s Array(UInt32),
    coast_distance_m Nullable(Float64),
    port_name Nullable(String),
    port_distance_m Nullable(Float64),
    anchorage_distance_m Nullable(Float64),
    meetings_nearby Nullable(UInt32),
    zones Array(String),
    h3_cell String,
    figures Map(String, Float64),
    profiles Array(LowCardinality(String)),
    score Float64,
    reasons Array(Tuple(String, Float64, String)) CODEC(ZSTD(1)),
    explanation String CODEC(ZSTD(3)),
    as_of DateTime64(3, 'UTC'),
    software_version LowCardinality(String),
    parameters_hash LowCardinality(String),
    source LowCardinality(String) COMMENT 'who told it',
    told_at DateTime64(3, 'UTC') COMMENT 'when it was told, by the clock of who did',
    record String CODEC(ZSTD(3)) COMMENT 'the event as it was told, with fields that this schema does not know yet',
    INDEX started_at started_at TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(first_started_at)
PRIMARY KEY (kind, first_started_at)
ORDER BY (kind, first_started_at, id, software_version, parameters_hash)
SETTINGS non_replicated_deduplication_window = 10000;

-- Positions, thinned as whoever publishes them is told to.
--
-- What deduplicates here: tokens as in `events`; then, of rows that agree in who, when, by whom and where, one stays.
-- Until parts are merged there can be several, so readers use `v_positions`.
--
-- Numbers are kept as whole numbers with a fixed point, which AIS sends, because their differences compress best:
-- 6 decimals of a degree are finer than the 1/10000 minute of AIS.
CREATE TABLE IF NOT EXISTS positions (
    mmsi UInt32 CODEC(Delta, ZSTD(1)),
    observed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    latitude_deg Decimal(9, 6) CODEC(Delta, ZSTD(1)),
    longitude_deg Decimal(9, 6) CODEC(Delta, ZSTD(1)),
    speed_knots Nullable(Decimal(9, 1)) CODEC(Delta, ZSTD(1)),
    course_deg Nullable(Decimal(9, 1)) CODEC(Delta, ZSTD(1)),
    heading_deg Nullable(UInt16) CODEC(Delta, ZSTD(1)),
    coarse Bool CODEC(ZSTD(1)) COMMENT 'given to 0.1 minute only',
    source LowCardinality(String),
    published_at DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'retention counts from here, so that old recordings can be kept'
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(observed_at)
PRIMARY KEY (mmsi, observed_at)
ORDER BY (mmsi, observed_at, source, latitude_deg, longitude_deg)
TTL published_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 0;

-- The same for maps: one position of a vessel in ten minutes and 1/100 degree, in the order of a curve that fills the
-- plane, so that a window of the map is a few ranges of it. `positions` is in the order of vessels, where a window is
-- everywhere. What comes twice is one row here too.
CREATE TABLE IF NOT EXISTS positions_by_place (
    day Date CODEC(ZSTD(1)),
    place UInt64 CODEC(Delta, ZSTD(1)) COMMENT 'mortonEncode(latitude, longitude) in 1/100 degree from the south-west',
    slot DateTime('UTC') CODEC(Delta, ZSTD(1)) COMMENT 'begin of the ten minutes',
    mmsi UInt32 CODEC(ZSTD(1)),
    source LowCardinality(String),
    observed_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    latitude_deg Decimal(9, 6) CODEC(ZSTD(1)),
    longitude_deg Decimal(9, 6) CODEC(ZSTD(1)),
    speed_knots Nullable(Decimal(9, 1)) CODEC(ZSTD(1)),
    published_at DateTime('UTC') CODEC(Delta, ZSTD(1))
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(day)
PRIMARY KEY (day, place)
ORDER BY (day, place, slot, mmsi, source)
TTL published_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS positions_by_place_mv TO positions_by_place AS
SELECT
    toDate(observed_at) AS day,
    mortonEncode(toUInt32(floor((toFloat64(latitude_deg) + 90) * 100)), toUInt32(floor((toFloat64(longitude_deg) + 180) * 100))) AS place,
    toDateTime(toStartOfInterval(observed_at, INTERVAL 10 MINUTE), 'UTC') AS slot,
    mmsi, source, observed_at, latitude_deg, longitude_deg, speed_knots, published_at
FROM positions;

-- How each source was heard, by the hour. The states are sets and bounds and no sums, so that a row that is inserted
-- again counts once, however much later. Few are counted exactly; from a thousand on the number is right within half a
-- percent, and the same however often the rows come.
CREATE TABLE IF NOT EXISTS feed_health (
    source LowCardinality(String),
    hour DateTime('UTC'),
    positions AggregateFunction(uniqCombined64(17), Tuple(UInt32, DateTime64(3, 'UTC'), Decimal(9, 6), Decimal(9, 6))),
    vessels AggregateFunction(uniqCombined64(17), UInt32),
    first_observed_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_observed_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    last_published_at SimpleAggregateFunction(max, DateTime('UTC'))
) ENGINE = AggregatingMergeTree
PARTITION BY toYear(hour)
ORDER BY (source, hour)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS feed_health_mv TO feed_health AS
SELECT
    source,
    toDateTime(toStartOfHour(observed_at), 'UTC') AS hour,
    uniqCombined64State(17)((mmsi, observed_at, latitude_deg, longitude_deg)) AS positions,
    uniqCombined64State(17)(mmsi) AS vessels,
    min(observed_at) AS first_observed_at,
    max(observed_at) AS last_observed_at,
    max(published_at) AS last_published_at
FROM positions
GROUP BY source, hour;

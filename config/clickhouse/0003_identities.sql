-- Every identity that a vessel ever broadcast, with when it was heard first and last.
--
-- What deduplicates here: first and last are a minimum and a maximum, so that it does not matter how often or in which
-- order an identity is told. An unknown text is empty and an unknown number 0 here, because they are part of the key;
-- the views give them back as NULL.
CREATE TABLE IF NOT EXISTS identities (
    mmsi UInt32,
    imo UInt32,
    name String CODEC(ZSTD(1)),
    callsign String CODEC(ZSTD(1)),
    flag LowCardinality(String),
    type LowCardinality(String),
    length_m UInt16,
    beam_m UInt16,
    source LowCardinality(String),
    first_heard_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_heard_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
) ENGINE = AggregatingMergeTree
ORDER BY (mmsi, imo, name, callsign, flag, type, length_m, beam_m, source)
SETTINGS non_replicated_deduplication_window = 10000;

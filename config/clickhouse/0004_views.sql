-- What readers read. Names and meaning of these columns stay; the tables behind them may change. No FINAL is needed.

-- Every event as it was told last, whatever its kind and state. What was told by a later run with other parameters
-- holds.
CREATE OR REPLACE VIEW v_events AS
SELECT * REPLACE (
    CAST(class_reasons AS Array(Tuple(rule String, weight Float64, text String))) AS class_reasons,
    CAST(vessels AS Array(Tuple(
        mmsi UInt32, imo Nullable(UInt32), name Nullable(String), callsign Nullable(String), flag Nullable(String),
        type Nullable(String), length_m Nullable(UInt16), beam_m Nullable(UInt16),
        draught_m_before Nullable(Float64), draught_m_after Nullable(Float64),
        gaps Array(Tuple(started_at DateTime64(3, 'UTC'), ended_at DateTime64(3, 'UTC'))),
        identity_changes UInt32, watchlists Array(String)))) AS vessels,
    CAST(reasons AS Array(Tuple(rule String, weight Float64, text String))) AS reasons)
FROM events FINAL
ORDER BY told_at DESC, version DESC
LIMIT 1 BY id
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- The encounters that `alongside replay --profile any` shows, with the fields of its NDJSON. What is null there and a
-- list (`class_reasons`) is empty here.
CREATE OR REPLACE VIEW v_encounters AS
SELECT * EXCEPT (first_started_at, source, told_at, record)
FROM v_events
WHERE kind = 'encounter' AND state NOT IN ('candidate', 'retracted');

-- A row for each vessel of each of these.
CREATE OR REPLACE VIEW v_encounter_vessels AS
SELECT
    id, version, state, class, started_at, ended_at, latitude_deg, longitude_deg, profiles, score,
    position AS place_in_event,
    vessel.mmsi AS mmsi, vessel.imo AS imo, vessel.name AS name, vessel.callsign AS callsign, vessel.flag AS flag,
    vessel.type AS type, vessel.length_m AS length_m, vessel.beam_m AS beam_m,
    vessel.draught_m_before AS draught_m_before, vessel.draught_m_after AS draught_m_after,
    vessel.gaps AS gaps, vessel.identity_changes AS identity_changes, vessel.watchlists AS watchlists,
    observed_s[position] AS observed_s, bridged_s[position] AS bridged_s, silence_max_s[position] AS silence_max_s
FROM v_encounters
ARRAY JOIN vessels AS vessel, arrayEnumerate(vessels) AS position;

-- Positions, each once. Asked for a vessel and a time it reads little; for a place, ask `v_positions_by_place`.
CREATE OR REPLACE VIEW v_positions AS
SELECT
    mmsi, observed_at, toFloat64(latitude_deg) AS latitude_deg, toFloat64(longitude_deg) AS longitude_deg,
    toFloat64(speed_knots) AS speed_knots, toFloat64(course_deg) AS course_deg, heading_deg, coarse, source
FROM positions FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One position of a vessel in ten minutes and 1/100 degree, in the order of places.
CREATE OR REPLACE VIEW v_positions_by_place AS
SELECT
    day, place, slot, mmsi, source, observed_at, toFloat64(latitude_deg) AS latitude_deg,
    toFloat64(longitude_deg) AS longitude_deg, toFloat64(speed_knots) AS speed_knots
FROM positions_by_place FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Every identity of every vessel.
CREATE OR REPLACE VIEW v_vessel_identities AS
SELECT
    mmsi, nullIf(imo, 0) AS imo, nullIf(name, '') AS name, nullIf(callsign, '') AS callsign,
    nullIf(toString(flag), '') AS flag, nullIf(toString(type), '') AS type, nullIf(length_m, 0) AS length_m,
    nullIf(beam_m, 0) AS beam_m, min(i.first_heard_at) AS first_heard_at, max(i.last_heard_at) AS last_heard_at
FROM identities AS i
GROUP BY mmsi, imo, name, callsign, flag, type, length_m, beam_m;

-- Every vessel with the identity it told last.
CREATE OR REPLACE VIEW v_vessels AS
SELECT
    mmsi, latest.1 AS imo, latest.2 AS name, latest.3 AS callsign, latest.4 AS flag, latest.5 AS type,
    latest.6 AS length_m, latest.7 AS beam_m, identities, first_heard_at, last_heard_at
FROM (
    SELECT
        mmsi,
        argMax(
            (imo, name, callsign, flag, type, length_m, beam_m),
            (v.last_heard_at, isNotNull(imo) + isNotNull(name) + isNotNull(callsign) + isNotNull(type) + isNotNull(length_m))
        ) AS latest,
        count() AS identities, min(v.first_heard_at) AS first_heard_at, max(v.last_heard_at) AS last_heard_at
    FROM v_vessel_identities AS v
    GROUP BY mmsi
);

-- How each source was heard, by the hour.
CREATE OR REPLACE VIEW v_feed_health AS
SELECT
    source, hour, uniqCombined64Merge(17)(f.positions) AS positions, uniqCombined64Merge(17)(f.vessels) AS vessels,
    min(f.first_observed_at) AS first_observed_at, max(f.last_observed_at) AS last_observed_at,
    max(f.last_published_at) AS last_published_at
FROM feed_health AS f
GROUP BY source, hour;

-- Rollups of encounters. They are reckoned when they are asked for: an encounter is told many times, moves from one
-- class to another and may be retracted, which no sum that grows by insertion can follow, and encounters are few.
CREATE OR REPLACE VIEW v_encounters_by_day AS
SELECT
    toDate(started_at) AS day, class, count() AS encounters, countIf(notEmpty(profiles)) AS flagged,
    sum(contact_s) AS contact_s
FROM v_encounters
GROUP BY day, class;

-- By cells of some 12 000 square kilometres.
CREATE OR REPLACE VIEW v_encounters_by_area AS
SELECT
    toDate(started_at) AS day, h3ToString(h3ToParent(stringToH3(h3_cell), 3)) AS area, count() AS encounters,
    countIf(notEmpty(profiles)) AS flagged, sum(contact_s) AS contact_s
FROM v_encounters
GROUP BY day, area;

-- An encounter of vessels under two flags counts under both.
CREATE OR REPLACE VIEW v_encounters_by_flag AS
SELECT
    toDate(started_at) AS day, flag, count() AS encounters, countIf(notEmpty(profiles)) AS flagged,
    sum(contact_s) AS contact_s
FROM v_encounters
ARRAY JOIN arrayDistinct(vessels.flag) AS flag
GROUP BY day, flag;

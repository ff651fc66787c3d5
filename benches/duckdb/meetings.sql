-- Meetings as a database finds them: every ship on a grid of ten minutes, a self-join on cells, runs of grid points.
--
-- Takes the table `positions` (mmsi, at_ms, latitude_deg, longitude_deg), gives one row for each meeting: two ships
-- within 500 m at each point of the grid for two hours or longer, with a median speed below 2 kn.

with
    -- Of each ship and slot of ten minutes the first position and the last. Grouping costs less than putting all
    -- positions of each ship in order, and two numbers less than six: from the highest bit on the second within the
    -- slot (10 bits), latitude (25) and longitude (26) in steps of a metre.
    said as (
        select
            mmsi,
            at_ms // 600000 as slot,
            ((at_ms % 600000 // 1000) << 51)
            | (((latitude_deg + 90) * 1e5)::bigint << 26)
            | ((longitude_deg + 180) * 1e5)::bigint as packed
        from positions
    ),
    ends_packed as (
        select mmsi, slot, min(packed) as first, max(packed) as last from said group by mmsi, slot
    ),
    ends as (
        select
            mmsi,
            slot,
            slot * 600000 + (first >> 51) * 1000 as at_ms_first,
            slot * 600000 + (last >> 51) * 1000 as at_ms_last,
            (first >> 26 & 33554431) / 1e5 - 90 as latitude_deg_first,
            (last >> 26 & 33554431) / 1e5 - 90 as latitude_deg_last,
            (first & 67108863) / 1e5 - 180 as longitude_deg_first,
            (last & 67108863) / 1e5 - 180 as longitude_deg_last
        from ends_packed
    ),
    -- From the last position of a slot to the ship's next one: the points of the grid lie on these.
    legs as (
        select
            *,
            -- 1 degree of latitude is 111.2 km.
            111195.0 * sqrt(
                (latitude_deg_next - latitude_deg) ** 2
                + ((longitude_deg_next - longitude_deg) * cos(radians(latitude_deg))) ** 2
            ) / (at_ms_next - at_ms) * 1943.844 as speed_knots
        from (
            select
                mmsi,
                at_ms_last as at_ms,
                latitude_deg_last as latitude_deg,
                longitude_deg_last as longitude_deg,
                slot + 1 as slot_from,
                lead(slot) over way as slot_to,
                lead(at_ms_first) over way as at_ms_next,
                lead(latitude_deg_first) over way as latitude_deg_next,
                lead(longitude_deg_first) over way as longitude_deg_next
            from ends
            window way as (partition by mmsi order by slot)
        )
        where at_ms_next - at_ms <= 3600000
    ),
    -- Ships that go faster than 8 kn meet nobody.
    points as (
        select
            mmsi,
            slot,
            latitude_deg + share * (latitude_deg_next - latitude_deg) as latitude_deg,
            longitude_deg + share * (longitude_deg_next - longitude_deg) as longitude_deg,
            speed_knots
        from (
            select *, (slot * 600000 - at_ms) / (at_ms_next - at_ms) as share
            from (select *, unnest(range(slot_from, slot_to + 1)) as slot from legs where speed_knots <= 8)
        )
    ),
    -- Cells of a twentieth of a degree. One of two ships is looked for in its own cell alone, the other in every cell
    -- that lies within 500 m of it, up to 60 degrees of latitude.
    cells as (
        select *, floor(latitude_deg * 20)::int as y, floor(longitude_deg * 20)::int as x from points
    ),
    halos as (
        select *, unnest(range(x_from, x_to + 1))::int as x
        from (
            select
                *,
                unnest(range(floor((latitude_deg - 0.0046) * 20)::bigint, floor((latitude_deg + 0.0046) * 20)::bigint + 1))::int as y,
                floor((longitude_deg - 0.0092) * 20)::bigint as x_from,
                floor((longitude_deg + 0.0092) * 20)::bigint as x_to
            from points
        )
    ),
    near as (
        select a.mmsi as low, b.mmsi as high, a.slot, (a.speed_knots + b.speed_knots) / 2 as speed_knots
        from cells a
        join halos b on a.slot = b.slot and a.y = b.y and a.x = b.x and a.mmsi < b.mmsi
        where
            (a.latitude_deg - b.latitude_deg) ** 2
            + ((a.longitude_deg - b.longitude_deg) * cos(radians(a.latitude_deg))) ** 2
            <= (500 / 111195.0) ** 2
    ),
    -- Points of the grid that follow each other without a break.
    runs as (
        select *, slot - row_number() over (partition by low, high order by slot) as run from near
    )
select low, high, min(slot) * 600000 as from_ms, max(slot) * 600000 as to_ms, median(speed_knots) as speed_knots
from runs
group by low, high, run
having count(*) > 12 and median(speed_knots) < 2

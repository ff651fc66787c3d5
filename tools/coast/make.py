#!/usr/bin/env python3
"""Makes crates/detector/data/land-10m.bin from land-10m.json of the npm package world-atlas.

usage: make.py land-10m.json land-10m.bin

The coordinates stay the integers of the TopoJSON file; only their packing changes. The form of the
result is described in crates/detector/data/README.md. Needs Python 3.8 or newer and nothing else.
"""

import json
import struct
import sys


def main(source, target):
    with open(source, encoding="utf-8") as file:
        topology = json.load(file)
    (lon_step, lat_step) = topology["transform"]["scale"]
    (lon_origin, lat_origin) = topology["transform"]["translate"]
    turn = round(360 / lon_step)
    arcs = [list(running_sum(arc)) for arc in topology["arcs"]]

    packed = bytearray(struct.pack("<4d", lon_origin, lon_step, lat_origin, lat_step))
    polygons = [
        [ring_of(ring, arcs) for ring in polygon]
        for geometry in topology["objects"]["land"]["geometries"]
        for polygon in ([geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"])
    ]
    # The map's makers put an island of a kilometre at 0 N 0 E, to catch missing coordinates.
    def is_null_island(ring):
        return all(
            abs(x * lon_step + lon_origin) < 0.01 and abs(y * lat_step + lat_origin) < 0.01
            for x, y in ring
        )

    polygons = [polygon for polygon in polygons if not is_null_island(polygon[0])]
    put_unsigned(packed, len(polygons))
    at = (0, 0)
    for polygon in polygons:
        put_unsigned(packed, len(polygon))
        outer, *holes = (unrolled(ring, turn) for ring in polygon)
        assert all(within(hole, outer) for hole in holes), "a hole lies a turn away from its land"
        for ring in [outer, *holes]:
            put_unsigned(packed, len(ring))
            for x, y in ring:
                put_signed(packed, x - at[0])
                put_signed(packed, y - at[1])
                at = (x, y)

    with open(target, "wb") as file:
        file.write(packed)
    points = sum(len(ring) for polygon in polygons for ring in polygon)
    print(f"{len(polygons)} polygons, {points} points, {len(packed)} bytes")


def running_sum(arc):
    x = y = 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        yield (x, y)


def ring_of(arc_numbers, arcs):
    """The points of a ring, its first point not repeated at its end."""
    points = []
    for number in arc_numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        assert not points or points[-1] == arc[0], "arcs of a ring do not join"
        points.extend(arc[1:] if points else arc)
    assert points[0] == points[-1], "a ring is not closed"
    return points[:-1]


def unrolled(ring, turn):
    """The ring with each edge going the shorter way round, and its middle on the map."""
    points = [ring[0]]
    for x, y in ring[1:]:
        last = points[-1][0]
        points.append((last + (x - last + turn // 2) % turn - turn // 2, y))
    middle = (min(x for x, _ in points) + max(x for x, _ in points)) // 2
    shift = middle % turn - middle
    return [(x + shift, y) for x, y in points]


def within(hole, outer):
    (west, east) = (min(x for x, _ in outer), max(x for x, _ in outer))
    return all(west < x < east for x, _ in hole)


def put_unsigned(packed, value):
    """LEB128: seven bits a byte, lowest first, the high bit set on all but the last."""
    while value > 0x7F:
        packed.append(value & 0x7F | 0x80)
        value >>= 7
    packed.append(value)


def put_signed(packed, value):
    """Zigzag: 0, -1, 1, -2, ... become 0, 1, 2, 3, ..."""
    put_unsigned(packed, value * 2 if value >= 0 else -value * 2 - 1)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])

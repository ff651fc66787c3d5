import { expect, test } from 'vitest'
import type { TrackPoint } from './api'
import {
  angleBetween,
  antennaOf,
  apartMetres,
  hullRing,
  indexAt,
  shipAt,
  stretches,
  unwrapped,
  valueAt,
} from './tracks'

const point = (
  at: number,
  lon: number,
  lat: number,
  speed: number | null = 5,
  course: number | null = 90,
  heading: number | null = null,
): TrackPoint => [at, lon, lat, speed, course, heading]

test('a ship between two reports is on the line between them', () => {
  const track = { points: [point(0, 10, 50, 4), point(1000, 11, 52, 8)], bridged: [] as [number, number][] }
  expect(shipAt(track, 250)).toMatchObject({ longitude_deg: 10.25, latitude_deg: 50.5, speed_knots: 5, bridged: false })
  expect(shipAt(track, -1)).toBeNull()
  expect(shipAt(track, 1000)).toMatchObject({ longitude_deg: 11 })
  expect(shipAt(track, 1001)).toBeNull()
})

test('the 180th meridian is an ordinary place', () => {
  const track = { points: [point(0, 179.9, 0), point(1000, -179.9, 0)], bridged: [] as [number, number][] }
  expect(shipAt(track, 500)!.longitude_deg).toBeCloseTo(180, 9)
  const line = unwrapped([point(0, 179.9, 0), point(1, -179.9, 0), point(2, 179.8, 0)], 179).map((p) => p[1])
  expect(line[1]).toBeCloseTo(180.1, 9)
  expect(line[2]).toBeCloseTo(179.8, 9)
  expect(unwrapped([point(0, -179, 0)], 179)[0]![1]).toBe(181)
})

test('angles turn the shorter way', () => {
  expect(angleBetween(350, 10, 0.5)).toBeCloseTo(0, 9)
  expect(angleBetween(10, 350, 0.25)).toBeCloseTo(5, 9)
  expect(angleBetween(null, 20, 0.5)).toBe(20)
  expect(angleBetween(null, null, 0.5)).toBeNull()
})

test('the bow of a ship that lies still and says nothing is unknown', () => {
  const still = { points: [point(0, 0, 0, 0.1, 123), point(1000, 0, 0, 0.1, 300)], bridged: [] as [number, number][] }
  expect(shipAt(still, 500)!.bow_deg).toBeNull()
  const moving = { points: [point(0, 0, 0, 9, 80), point(1000, 0, 0, 9, 100)], bridged: [] as [number, number][] }
  expect(shipAt(moving, 500)!.bow_deg).toBeCloseTo(90, 9)
})

test('the last report at or before an instant', () => {
  const series: [number][] = [[10], [20], [20], [30]]
  expect([5, 10, 15, 20, 99].map((at) => indexAt(series, at))).toEqual([-1, 0, 0, 2, 3])
})

test('a stretch is heard, bridged or dark', () => {
  const hour = 3_600_000
  const points = [point(0, 0, 0, 6), point(hour, 0.1, 0, 6), point(2 * hour, 0.2, 0, 6), point(3 * hour, 0.3, 0, 6)]
  const found = stretches(points, [[hour, 2 * hour]], [[2 * hour, 3 * hour]])
  expect(found.map((stretch) => stretch.known)).toEqual(['heard', 'bridged', 'dark'])
  expect(found[0]!.speed_knots).toBe(6)
  expect(found[1]!.speed_knots).toBeCloseTo(6.0, 1)
})

test('a hull is to scale and stands around its antenna', () => {
  const antenna = { to_bow_m: 150, to_stern_m: 30, to_port_m: 10, to_starboard_m: 20 }
  const ring = hullRing(20, 60, 90, antenna)
  expect(ring[0]).toEqual(ring[ring.length - 1])
  const [bow, , sternRight, sternLeft] = ring as [number, number][]
  expect(apartMetres(...sternRight!, ...sternLeft!)).toBeCloseTo(30, 1)
  // The bow is 180 m before the middle of the stern, and east of the antenna as the heading says.
  const middle: [number, number] = [(sternRight![0] + sternLeft![0]) / 2, (sternRight![1] + sternLeft![1]) / 2]
  expect(apartMetres(...bow!, ...middle)).toBeCloseTo(180, 0)
  expect(apartMetres(20, bow![1], ...bow!)).toBeCloseTo(150, 0)
  expect(bow![0]).toBeGreaterThan(20)
})

test('a hull of which only the length is known', () => {
  expect(antennaOf({ antenna: null, length_m: 100, beam_m: 20 })).toEqual({
    to_bow_m: 50,
    to_stern_m: 50,
    to_port_m: 10,
    to_starboard_m: 10,
  })
  expect(antennaOf({ antenna: null, length_m: null, beam_m: null })).toBeNull()
})

test('a series between its points', () => {
  expect(
    valueAt(
      [
        [0, 10],
        [10, 20],
      ],
      5,
    ),
  ).toBe(15)
  expect(
    valueAt(
      [
        [0, 10],
        [10, 20],
      ],
      11,
    ),
  ).toBeNull()
})

// Where a ship was at an instant, and how its track and its hull are drawn.

import type { Antenna, Track, TrackPoint } from './api'

export interface ShipAt {
  longitude_deg: number
  latitude_deg: number
  speed_knots: number | null
  course_deg: number | null
  /** Where the bow points, by the ship's own word, or by its course where it says none and moves. */
  bow_deg: number | null
  /** The two reports around the instant are so far apart that the way between them is bridged. */
  bridged: boolean
}

/**
 * Longitudes that go on past ±180 where the track does, beginning near `near_deg`: a map draws a line from 179 to 181,
 * and one from 179 to -179 across the whole world.
 */
export function unwrapped(points: TrackPoint[], near_deg: number): TrackPoint[] {
  let before = near_deg
  return points.map((point) => {
    before = nearest(point[1], before)
    return [point[0], before, point[2], point[3], point[4], point[5]]
  })
}

export const nearest = (longitude_deg: number, near_deg: number) =>
  longitude_deg + 360 * Math.round((near_deg - longitude_deg) / 360)

/** The index of the last point at or before an instant; -1 before the first. */
export function indexAt(points: readonly (readonly [number, ...unknown[]])[], at_ms: number): number {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (points[middle]![0] <= at_ms) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Linear between reports, as the detector has it; nothing before the first and after the last. */
export function shipAt(track: Pick<Track, 'points' | 'bridged'>, at_ms: number): ShipAt | null {
  const { points } = track
  const index = indexAt(points, at_ms)
  const before = points[index]
  if (!before) return null
  const after = points[index + 1]
  if (!after) return before[0] === at_ms ? standing(before, false) : null
  const share = (at_ms - before[0]) / (after[0] - before[0])
  const nearer = share < 0.5 ? before : after
  const between = (a: number | null, b: number | null) => (a === null || b === null ? (a ?? b) : a + (b - a) * share)
  const ship: ShipAt = {
    longitude_deg: before[1] + (nearest(after[1], before[1]) - before[1]) * share,
    latitude_deg: before[2] + (after[2] - before[2]) * share,
    speed_knots: between(before[3], after[3]),
    course_deg: angleBetween(before[4], after[4], share),
    bow_deg: angleBetween(before[5], after[5], share),
    bridged: isBridged(track.bridged, at_ms),
  }
  if (ship.bow_deg === null && (nearer[3] ?? 0) >= COURSE_KNOTS_MIN) ship.bow_deg = ship.course_deg
  return ship
}

// Below this the course over ground says more of the receiver's noise than of where the bow points.
const COURSE_KNOTS_MIN = 1

function standing(point: TrackPoint, bridged: boolean): ShipAt {
  const bow_deg = point[5] ?? ((point[3] ?? 0) >= COURSE_KNOTS_MIN ? point[4] : null)
  return {
    longitude_deg: point[1],
    latitude_deg: point[2],
    speed_knots: point[3],
    course_deg: point[4],
    bow_deg,
    bridged,
  }
}

/** The shorter way round. */
export function angleBetween(a: number | null, b: number | null, share: number): number | null {
  if (a === null || b === null) return a ?? b
  const turn = ((((b - a + 180) % 360) + 360) % 360) - 180
  return (((a + turn * share) % 360) + 360) % 360
}

export const isBridged = (bridged: [number, number][], at_ms: number) =>
  bridged.some(([from, until]) => at_ms > from && at_ms < until)

/** How a stretch of the way is known: reports close enough, bridged between reports, or silent within a gap that the event names. */
export type Known = 'heard' | 'bridged' | 'dark'

export interface Stretch {
  from: TrackPoint
  until: TrackPoint
  known: Known
  speed_knots: number
}

/** The track cut at each report. The speed is the ship's own word where it gave one, and else that of the way. */
export function stretches(points: TrackPoint[], bridged: [number, number][], gaps: [number, number][]): Stretch[] {
  const found: Stretch[] = []
  for (let index = 1; index < points.length; index += 1) {
    const from = points[index - 1]!
    const until = points[index]!
    const middle = (from[0] + until[0]) / 2
    const known: Known = isBridged(gaps, middle) ? 'dark' : isBridged(bridged, middle) ? 'bridged' : 'heard'
    const told = from[3] === null || until[3] === null ? null : (from[3] + until[3]) / 2
    // A ship that was silent for long went as fast as the way says, not as its last word.
    const speed_knots = known === 'heard' && told !== null ? told : wayKnots(from, until)
    found.push({ from, until, known, speed_knots })
  }
  return found
}

function wayKnots(from: TrackPoint, until: TrackPoint): number {
  const hours = (until[0] - from[0]) / 3_600_000
  return hours > 0 ? apartMetres(from[1], from[2], until[1], until[2]) / 1852 / hours : 0
}

const EARTH_RADIUS_M = 6_371_008.8
const METRES_PER_DEGREE = (Math.PI / 180) * EARTH_RADIUS_M

export function apartMetres(lon_a: number, lat_a: number, lon_b: number, lat_b: number): number {
  const radians = Math.PI / 180
  const half = (x: number) => Math.sin((x * radians) / 2) ** 2
  const h = half(lat_b - lat_a) + Math.cos(lat_a * radians) * Math.cos(lat_b * radians) * half(lon_b - lon_a)
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)))
}

/** Where the antenna stands in the hull: as the ship says, or in its middle where only length and beam are known. */
export function antennaOf(track: Pick<Track, 'antenna' | 'length_m' | 'beam_m'>): Antenna | null {
  const { antenna, length_m, beam_m } = track
  if (antenna && antenna.to_bow_m + antenna.to_stern_m > 0) return antenna
  if (!length_m) return null
  const beam = beam_m || length_m / 6.5
  return { to_bow_m: length_m / 2, to_stern_m: length_m / 2, to_port_m: beam / 2, to_starboard_m: beam / 2 }
}

/** The outline of a hull as a ring of longitudes and latitudes, to scale: square at the stern, pointed over the foremost fifth. */
export function hullRing(
  longitude_deg: number,
  latitude_deg: number,
  bow_deg: number,
  antenna: Antenna,
): [number, number][] {
  const { to_bow_m, to_stern_m, to_port_m, to_starboard_m } = antenna
  const middle = (to_starboard_m - to_port_m) / 2
  const shoulder = to_bow_m - (to_bow_m + to_stern_m) / 5
  // Ahead, and to starboard, of the antenna.
  const outline: [number, number][] = [
    [to_bow_m, middle],
    [shoulder, to_starboard_m],
    [-to_stern_m, to_starboard_m],
    [-to_stern_m, -to_port_m],
    [shoulder, -to_port_m],
    [to_bow_m, middle],
  ]
  return outline.map(([ahead, right]) => displaced(longitude_deg, latitude_deg, bow_deg, ahead, right))
}

/** A place some metres ahead and to the right of another, for distances of a ship. */
export function displaced(
  longitude_deg: number,
  latitude_deg: number,
  bow_deg: number,
  ahead_m: number,
  right_m: number,
): [number, number] {
  const bow = (bow_deg * Math.PI) / 180
  const north = ahead_m * Math.cos(bow) - right_m * Math.sin(bow)
  const east = ahead_m * Math.sin(bow) + right_m * Math.cos(bow)
  const parallel = Math.max(1e-6, Math.cos((latitude_deg * Math.PI) / 180))
  return [longitude_deg + east / (METRES_PER_DEGREE * parallel), latitude_deg + north / METRES_PER_DEGREE]
}

/** A series [at_ms, value] at an instant, linear between its points; null outside of it. */
export function valueAt(series: [number, number][], at_ms: number): number | null {
  const index = indexAt(series, at_ms)
  const before = series[index]
  if (!before) return null
  const after = series[index + 1]
  if (!after) return before[0] === at_ms ? before[1] : null
  return before[1] + ((after[1] - before[1]) * (at_ms - before[0])) / (after[0] - before[0])
}

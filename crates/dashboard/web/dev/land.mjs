// Land of Natural Earth as the program serves it: one MultiPolygon, whose longitudes go on past ±180.

import { feature } from 'topojson-client'

export function landOf(topology) {
  const land = feature(topology, topology.objects.land)
  const polygons = (land.features ?? [land]).flatMap(({ geometry }) =>
    geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates,
  )
  return { type: 'MultiPolygon', coordinates: polygons.map(together) }
}

/** The rings of one polygon, with its holes in it and not once around the world from it. */
function together(polygon) {
  const [outer, ...holes] = polygon.map(unbroken)
  const west = Math.min(...outer.map((corner) => corner[0]))
  return [
    outer,
    ...holes.map((hole) => {
      const turn = 360 * Math.ceil((west - hole[0][0]) / 360)
      return hole.map(([longitude, latitude]) => [longitude + turn, latitude])
    }),
  ]
}

/** A ring whose longitudes go on past ±180 in place of jumping back; one around a pole is closed along the edge of the map. */
function unbroken(ring) {
  let turns = 0
  const line = ring.map(([longitude, latitude], index) => {
    const step = index === 0 ? 0 : longitude - ring[index - 1][0]
    // A step along the edge of a map that is already cut there is none over it.
    if (Math.abs(step) > 180 && !(Math.abs(step) === 360 && Math.abs(latitude) >= 89.9)) turns -= Math.sign(step)
    return [longitude + 360 * turns, latitude]
  })
  if (turns === 0) return line
  const pole = line.reduce((sum, corner) => sum + corner[1], 0) < 0 ? -90 : 90
  return [...line, [line.at(-1)[0], pole], [line[0][0], pole], line[0]]
}

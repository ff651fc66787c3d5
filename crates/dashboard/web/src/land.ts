// The land as a map wants it.

import { feature } from 'topojson-client'

/** GeoJSON of what the server has, TopoJSON or GeoJSON, without lines that run across the whole world at the 180th meridian. */
export function landOf(said: unknown): GeoJSON.FeatureCollection {
  const data = said as { type: string; objects?: Record<string, unknown> }
  let found = said as GeoJSON.GeoJSON
  if (data.type === 'Topology') {
    const [object] = Object.values(data.objects ?? {})
    found = feature(said as never, object as never) as unknown as GeoJSON.GeoJSON
  }
  const polygons: GeoJSON.Position[][][] = []
  collect(found, polygons)
  return {
    type: 'FeatureCollection',
    features: polygons.map((polygon) => ({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: together(polygon) } })),
  }
}

function collect(data: GeoJSON.GeoJSON, polygons: GeoJSON.Position[][][]): void {
  switch (data.type) {
    case 'FeatureCollection':
      for (const each of data.features) collect(each, polygons)
      break
    case 'Feature':
      if (data.geometry) collect(data.geometry, polygons)
      break
    case 'GeometryCollection':
      for (const each of data.geometries) collect(each, polygons)
      break
    case 'MultiPolygon':
      polygons.push(...data.coordinates)
      break
    case 'Polygon':
      polygons.push(data.coordinates)
      break
  }
}

/** The rings of one polygon, with its holes in it and not once around the world from it. */
function together(polygon: GeoJSON.Position[][]): GeoJSON.Position[][] {
  const [outer = [], ...holes] = polygon.map(unbroken)
  const west = outer.reduce((least, corner) => Math.min(least, corner[0]!), Infinity)
  return [
    outer,
    ...holes.map((hole) => {
      const turn = 360 * Math.ceil((west - hole[0]![0]!) / 360)
      return hole.map((corner) => [corner[0]! + turn, corner[1]!])
    }),
  ]
}

/** A ring whose longitudes go on past ±180 in place of jumping back; one around a pole is closed along the edge of the map. */
export function unbroken(ring: GeoJSON.Position[]): GeoJSON.Position[] {
  const first = ring[0]
  if (!first) return ring
  let turns = 0
  const line = ring.map((corner, index) => {
    const step = index === 0 ? 0 : corner[0]! - ring[index - 1]![0]!
    // A step along the edge of a map that is already cut there is none over it.
    if (Math.abs(step) > 180 && !(Math.abs(step) === 360 && Math.abs(corner[1]!) >= 89.9)) turns -= Math.sign(step)
    return [corner[0]! + 360 * turns, corner[1]!]
  })
  if (turns === 0) return line
  const pole = line.reduce((sum, corner) => sum + corner[1]!, 0) < 0 ? -90 : 90
  const last = line[line.length - 1]!
  return [...line, [last[0]!, pole], [first[0]!, pole], line[0]!]
}

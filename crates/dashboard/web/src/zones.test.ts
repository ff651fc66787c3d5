import { expect, test } from 'vitest'
import { parseRing, ringText, zoneOf } from './zones'

test('corners are read in the ways people write them', () => {
  expect(parseRing('1, 2\n3;4\n\n5 6')).toEqual({
    ring: [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    fault: null,
  })
  expect(parseRing('1,2\n3,4').fault).toMatch(/three corners/)
  expect(parseRing('1,2\n3,95').fault).toMatch(/latitude in line 2/)
  expect(parseRing('1,2\nhere').fault).toMatch(/Line 2/)
})

test('what was drawn is read back', () => {
  const ring: [number, number][] = [
    [-94.5, 28],
    [-94, 28],
    [-94, 28.5],
  ]
  expect(parseRing(ringText(ring)).ring).toEqual(ring)
})

test('a zone is closed', () => {
  const zone = zoneOf('here', '0,0\n1,0\n1,1') as GeoJSON.Feature<GeoJSON.Polygon>
  expect(zone.geometry.coordinates[0]).toEqual([
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 0],
  ])
  expect(zoneOf('here', '{"type":"Polygon"}')).toEqual({ type: 'Polygon' })
  expect(parseRing('{"type":').fault).toMatch(/JSON/)
})

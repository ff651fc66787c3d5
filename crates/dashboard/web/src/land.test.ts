import { expect, test } from 'vitest'
import { landOf, unbroken } from './land'

test('a ring over the 180th meridian goes on', () => {
  expect(unbroken([[179, 1], [-179, 1], [-179, 2], [179, 2], [179, 1]])).toEqual([[179, 1], [181, 1], [181, 2], [179, 2], [179, 1]])
})

test('a ring around the pole is closed along it', () => {
  expect(unbroken([[-120, -70], [0, -70], [120, -70], [-120, -70]])).toEqual([[-120, -70], [0, -70], [120, -70], [240, -70], [240, -90], [-120, -90], [-120, -70]])
})

test('what is already cut stays as it is', () => {
  const ring = [[-180, -90], [-180, -80], [0, -70], [180, -80], [180, -90], [-180, -90]]
  expect(unbroken(ring)).toEqual(ring)
})

test('land comes as any GeoJSON', () => {
  const square = [[0, 0], [1, 0], [1, 1], [0, 0]]
  expect(landOf({ type: 'MultiPolygon', coordinates: [[square], [square]] }).features).toHaveLength(2)
  expect(landOf({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [square] } }).features[0]!.geometry).toEqual({ type: 'Polygon', coordinates: [square] })
})

test('a hole stays in its land', () => {
  const land = { type: 'Polygon', coordinates: [[[-170, 60], [170, 60], [40, 50], [40, 20], [170, 30], [-170, 60]], [[50, 40], [51, 40], [51, 41], [50, 40]]] }
  const [outer, hole] = (landOf(land).features[0]!.geometry as GeoJSON.Polygon).coordinates
  expect(outer!.map((corner) => corner[0])).toEqual([-170, -190, -320, -320, -190, -170])
  expect(hole![0]).toEqual([50 - 360, 40])
})

// The map of a case: both tracks, and both ships at the shared instant, with their hulls to scale.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { EventRecord, Track, Tracks } from './api'
import type { Cursor, Range } from './cursor'
import type { GeoJSONSource, Map } from './map'
import { MapPane, type MapTools } from './map-pane'
import { antennaOf, hullRing, nearest, shipAt, stretches, unwrapped } from './tracks'
import { colour } from './theme'
import { VesselName } from './parts'

/** Colours of speed, slow to fast; the style sheet has them for light and dark. */
export const SPEEDS: [knots: number, colour: string][] = [
  [0, 'speed-0'],
  [2, 'speed-1'],
  [5, 'speed-2'],
  [10, 'speed-3'],
  [18, 'speed-4'],
]

interface Props {
  event: EventRecord
  tracks: Tracks
  range: Range
  cursor: Cursor
}

export function CaseMap({ event, tracks, range, cursor }: Props) {
  const made = useRef<{ map: Map; tools: MapTools } | null>(null)
  const [ready, setReady] = useState(false)
  const [follow, setFollow] = useState(false)
  const following = useRef(false)
  following.current = follow

  // Longitudes near that of the event, so that a track across the 180th meridian is one line.
  const near = useMemo(
    () => tracks.tracks.map((track): Track => ({ ...track, points: unwrapped(track.points, event.longitude_deg) })),
    [tracks, event.longitude_deg],
  )
  const current = useRef(near)
  current.current = near

  const draw = (at_ms: number) => {
    if (!made.current) return
    const { map, tools } = made.current
    const features: GeoJSON.Feature[] = []
    let middle: [number, number, number] = [0, 0, 0]
    current.current.forEach((track, index) => {
      const ship = shipAt(track, at_ms)
      if (!ship) return
      const at: [number, number] = [nearest(ship.longitude_deg, event.longitude_deg), ship.latitude_deg]
      middle = [middle[0] + at[0], middle[1] + at[1], middle[2] + 1]
      const vessel = index === 0 ? 'a' : 'b'
      const antenna = antennaOf(track)
      if (antenna && ship.bow_deg !== null) {
        features.push({
          type: 'Feature',
          properties: { vessel },
          geometry: { type: 'Polygon', coordinates: [hullRing(at[0], at[1], ship.bow_deg, antenna)] },
        })
      }
      features.push({
        type: 'Feature',
        properties: { vessel, bow: ship.bow_deg, bridged: ship.bridged },
        geometry: { type: 'Point', coordinates: at },
      })
    })
    tools.setData(map, 'ships', tools.collection(features))
    if (following.current && middle[2]) map.jumpTo({ center: [middle[0] / middle[2], middle[1] / middle[2]] })
  }

  const onReady = (map: Map, tools: MapTools) => {
    map.addSource('ways', { type: 'geojson', data: tools.NOTHING, tolerance: 0.1 })
    map.addSource('place', { type: 'geojson', data: tools.NOTHING })
    map.addSource('ships', { type: 'geojson', data: tools.NOTHING, tolerance: 0, buffer: 256 })
    map.addLayer({
      id: 'place',
      type: 'circle',
      source: 'place',
      paint: {
        'circle-radius': 14,
        'circle-color': 'transparent',
        'circle-stroke-width': 1.5,
        'circle-stroke-color': colour('muted'),
      },
    })
    // Whose track it is shows in its edge, how fast it went in its middle.
    map.addLayer({
      id: 'edges',
      type: 'line',
      source: 'ways',
      filter: ['==', ['get', 'known'], 'heard'],
      layout: { 'line-join': 'round', 'line-cap': 'round' },
      paint: { 'line-width': 6, 'line-opacity': 0.9, 'line-color': vesselColour() },
    })
    map.addLayer({
      id: 'heard',
      type: 'line',
      source: 'ways',
      filter: ['==', ['get', 'known'], 'heard'],
      layout: { 'line-join': 'round', 'line-cap': 'round' },
      paint: { 'line-width': 3, 'line-color': speedColour() },
    })
    map.addLayer({
      id: 'bridged',
      type: 'line',
      source: 'ways',
      filter: ['==', ['get', 'known'], 'bridged'],
      paint: { 'line-width': 2.5, 'line-color': vesselColour(), 'line-dasharray': [2.5, 1.6] },
    })
    map.addLayer({
      id: 'dark',
      type: 'line',
      source: 'ways',
      filter: ['==', ['get', 'known'], 'dark'],
      paint: { 'line-width': 2, 'line-color': vesselColour(), 'line-dasharray': [1, 3], 'line-opacity': 0.85 },
    })
    map.addLayer({
      id: 'hulls',
      type: 'fill',
      source: 'ships',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': vesselColour(), 'fill-opacity': 0.45 },
    })
    map.addLayer({
      id: 'hull-edges',
      type: 'line',
      source: 'ships',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'line-color': vesselColour(), 'line-width': 1.5 },
    })
    map.addLayer({
      id: 'antennas',
      type: 'circle',
      source: 'ships',
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 8, 6, 14, 5, 17, 4],
        'circle-color': vesselColour(),
        'circle-opacity': ['case', ['get', 'bridged'], 0.35, 1],
        'circle-stroke-width': 2,
        'circle-stroke-color': colour('panel'),
      },
    })
    made.current = { map, tools }
    setReady(true)
  }

  const fit = (from_ms: number, until_ms: number, maxZoom: number, animate: boolean) => {
    if (!made.current) return
    let bounds: [number, number, number, number] | null = null
    for (const track of near) {
      const places = track.points
        .filter((point) => point[0] >= from_ms && point[0] <= until_ms)
        .map((point) => [point[1], point[2]] as [number, number])
      for (const at_ms of [from_ms, until_ms]) {
        const ship = shipAt(track, at_ms)
        if (ship) places.push([nearest(ship.longitude_deg, event.longitude_deg), ship.latitude_deg])
      }
      for (const [longitude, latitude] of places) {
        bounds = bounds
          ? [
              Math.min(bounds[0], longitude),
              Math.min(bounds[1], latitude),
              Math.max(bounds[2], longitude),
              Math.max(bounds[3], latitude),
            ]
          : [longitude, latitude, longitude, latitude]
      }
    }
    const after = bounds ? null : silenceEnd(event)
    if (after)
      bounds = [
        Math.min(event.longitude_deg, after[0]),
        Math.min(event.latitude_deg, after[1]),
        Math.max(event.longitude_deg, after[0]),
        Math.max(event.latitude_deg, after[1]),
      ]
    bounds ??= [event.longitude_deg, event.latitude_deg, event.longitude_deg, event.latitude_deg]
    made.current.map.fitBounds(bounds, { padding: 48, maxZoom, animate })
  }

  useEffect(() => {
    if (!ready || !made.current) return
    const { map, tools } = made.current
    const ways: GeoJSON.Feature[] = near.flatMap((track, index) => {
      const gaps = (event.vessels.find((vessel) => vessel.mmsi === track.mmsi)?.gaps ?? []).map(
        (gap): [number, number] => [Date.parse(gap.started_at), Date.parse(gap.ended_at)],
      )
      return lines(stretches(track.points, track.bridged, gaps), index === 0 ? 'a' : 'b')
    })
    const after = silenceEnd(event)
    if (after)
      ways.push({
        type: 'Feature',
        properties: { vessel: 'a', known: 'dark', speed: 0 },
        geometry: { type: 'LineString', coordinates: [[event.longitude_deg, event.latitude_deg], after] },
      })
    ;(map.getSource('ways') as GeoJSONSource).setData(tools.collection(ways))
    tools.setData(
      map,
      'place',
      tools.collection([
        {
          type: 'Feature',
          properties: {},
          geometry: { type: 'Point', coordinates: [event.longitude_deg, event.latitude_deg] },
        },
      ]),
    )
    return cursor.follow(draw)
  }, [ready, near])

  useEffect(() => {
    if (ready) fit(Date.parse(event.started_at), Date.parse(event.ended_at), near.length ? 15.5 : 9, false)
  }, [ready, event.id])

  const closeUp = () => {
    const ships = near.map((track) => shipAt(track, cursor.at_ms)).filter((ship) => ship !== null)
    if (!made.current || ships.length === 0) return
    const longitude =
      ships.reduce((sum, ship) => sum + nearest(ship.longitude_deg, event.longitude_deg), 0) / ships.length
    const latitude = ships.reduce((sum, ship) => sum + ship.latitude_deg, 0) / ships.length
    made.current.map.easeTo({ center: [longitude, latitude], zoom: 16.2 })
  }

  return (
    <div class="case-map">
      <MapPane
        label="Map of the tracks"
        onReady={onReady}
        onTheme={(map) => {
          map.setPaintProperty('heard', 'line-color', speedColour())
          for (const layer of ['edges', 'bridged', 'dark', 'hull-edges'])
            map.setPaintProperty(layer, 'line-color', vesselColour())
          map.setPaintProperty('hulls', 'fill-color', vesselColour())
          map.setPaintProperty('antennas', 'circle-color', vesselColour())
          map.setPaintProperty('antennas', 'circle-stroke-color', colour('panel'))
          map.setPaintProperty('place', 'circle-stroke-color', colour('muted'))
        }}
      />
      <div class="map-buttons">
        <button
          type="button"
          disabled={!ready}
          onClick={() => fit(Date.parse(event.started_at), Date.parse(event.ended_at), near.length ? 15.5 : 9, true)}
        >
          {event.kind === 'encounter' ? 'Meeting' : 'Event'}
        </button>
        {tracks.tracks.length > 0 && (
          <>
            <button type="button" disabled={!ready} onClick={() => fit(range[0], range[1], 15.5, true)}>
              What the plots show
            </button>
            <button
              type="button"
              disabled={!ready}
              onClick={() => fit(Date.parse(tracks.from), Date.parse(tracks.until), 15.5, true)}
            >
              Whole tracks
            </button>
            <button type="button" disabled={!ready} onClick={closeUp}>
              Hulls
            </button>
            <button
              type="button"
              disabled={!ready}
              aria-pressed={follow}
              onClick={() => {
                setFollow(!follow)
                following.current = !follow
                draw(cursor.at_ms)
              }}
            >
              Follow
            </button>
          </>
        )}
      </div>
      {tracks.tracks.length > 0 && <Legend tracks={tracks} />}
    </div>
  )
}

/** Where a silent vessel was heard again. */
function silenceEnd(event: EventRecord): [number, number] | null {
  const { longitude_deg_after: longitude, latitude_deg_after: latitude } = event.figures
  return longitude === undefined || latitude === undefined ? null : [nearest(longitude, event.longitude_deg), latitude]
}

function Legend({ tracks }: { tracks: Tracks }) {
  return (
    <div class="legend">
      {tracks.tracks.map((track, index) => (
        <span key={track.mmsi} class="legend-item">
          <span class={`swatch swatch-${index === 0 ? 'a' : 'b'}`} aria-hidden="true" />
          {'AB'[index]} <VesselName vessel={track} />
        </span>
      ))}
      <span class="legend-item">
        <svg width="34" height="8" aria-hidden="true">
          <line class="legend-bridged" x1="1" y1="4" x2="33" y2="4" />
        </svg>{' '}
        bridged
      </span>
      <span class="legend-item">
        <svg width="34" height="8" aria-hidden="true">
          <line class="legend-dark" x1="1" y1="4" x2="33" y2="4" />
        </svg>{' '}
        dark
      </span>
      <span class="legend-item legend-speeds">
        {SPEEDS.map(([knots, name]) => (
          <span key={name} class="legend-item">
            <span class={`swatch swatch-${name}`} aria-hidden="true" />
            {knots}
          </span>
        ))}
        kn
      </span>
    </div>
  )
}

/** Neighbouring stretches of one kind and nearly one speed are one line: a map of few lines moves better than one of many. */
function lines(cut: ReturnType<typeof stretches>, vessel: string): GeoJSON.Feature[] {
  const features: GeoJSON.Feature[] = []
  let line: GeoJSON.Position[] = []
  let had: { known: string; speed: number } | null = null
  for (const stretch of cut) {
    const speed = Math.round(stretch.speed_knots * 2) / 2
    if (!had || had.known !== stretch.known || had.speed !== speed) {
      line = [[stretch.from[1], stretch.from[2]]]
      had = { known: stretch.known, speed }
      features.push({
        type: 'Feature',
        properties: { vessel, known: stretch.known, speed },
        geometry: { type: 'LineString', coordinates: line },
      })
    }
    line.push([stretch.until[1], stretch.until[2]])
  }
  return features
}

const vesselColour = () =>
  ['match', ['get', 'vessel'], 'a', colour('vessel-a'), colour('vessel-b')] as unknown as string
const speedColour = () =>
  [
    'interpolate',
    ['linear'],
    ['get', 'speed'],
    ...SPEEDS.flatMap(([knots, name]) => [knots, colour(name)]),
  ] as unknown as string

// The map: MapLibre over the land that the binary carries. It asks nobody else for tiles, letters or pictures.

import {
  AttributionControl,
  type GeoJSONSource,
  Map,
  NavigationControl,
  ScaleControl,
  type StyleSpecification,
  setWorkerUrl,
} from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'
import { LAND_PATH } from './api'
import { colour } from './theme'

setWorkerUrl(workerUrl)

export type { GeoJSONSource, Map, MapMouseEvent } from 'maplibre-gl'

function style(): StyleSpecification {
  return {
    version: 8,
    sources: {
      // Fetched and cut by the worker: it is some megabytes, and nothing else waits for it.
      land: {
        type: 'geojson',
        data: new URL(LAND_PATH, location.href).href,
        attribution: 'Land: Natural Earth',
        tolerance: 0.2,
      },
      graticule: { type: 'geojson', data: graticule() },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': colour('sea') } },
      {
        id: 'graticule',
        type: 'line',
        source: 'graticule',
        paint: { 'line-color': colour('graticule'), 'line-width': 0.6 },
      },
      { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': colour('land'), 'fill-antialias': false } },
      { id: 'coast', type: 'line', source: 'land', paint: { 'line-color': colour('coast'), 'line-width': 0.8 } },
    ],
  }
}

/** Every ten degrees, so that an empty sea is a place all the same. */
function graticule(): GeoJSON.FeatureCollection {
  const lines: GeoJSON.Position[][] = []
  for (let longitude = -180; longitude <= 180; longitude += 10)
    lines.push([
      [longitude, -85],
      [longitude, 85],
    ])
  for (let latitude = -80; latitude <= 80; latitude += 10)
    lines.push([
      [-180, latitude],
      [180, latitude],
    ])
  return {
    type: 'FeatureCollection',
    features: [{ type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: lines } }],
  }
}

export function paintBase(map: Map): void {
  map.setPaintProperty('sea', 'background-color', colour('sea'))
  map.setPaintProperty('graticule', 'line-color', colour('graticule'))
  map.setPaintProperty('land', 'fill-color', colour('land'))
  map.setPaintProperty('coast', 'line-color', colour('coast'))
}

export function createMap(container: HTMLElement, label: string): Map {
  const map = new Map({
    container,
    style: style(),
    center: [0, 20],
    zoom: 1,
    maxZoom: 19,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: true,
    locale: { 'Map.Title': label },
  })
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right')
  map.addControl(new ScaleControl({ unit: 'nautical' }), 'bottom-left')
  map.addControl(new ScaleControl({ unit: 'metric' }), 'bottom-left')
  map.addControl(new AttributionControl({ compact: true }), 'bottom-right')
  // Folded from the beginning: it is one line, and it covers a corner of a small map.
  container.querySelector('.maplibregl-ctrl-attrib')?.classList.remove('maplibregl-compact-show')
  // Without land the map is still a map.
  map.on('error', (event) => console.warn(event.error))
  return map
}

/** Does nothing once the map is gone. */
export function setData(map: Map, source: string, data: GeoJSON.GeoJSON): void {
  const found = map.getSource(source) as GeoJSONSource | undefined
  found?.setData(data)
}

export const collection = (features: GeoJSON.Feature[]): GeoJSON.FeatureCollection => ({
  type: 'FeatureCollection',
  features,
})
export const NOTHING = collection([])

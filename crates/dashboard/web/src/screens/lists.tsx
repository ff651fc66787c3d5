// Ships to look out for, and places to look at: pasted, uploaded or drawn. Neither changes a stored event.

import { useEffect, useRef, useState } from 'preact/hooks'
import { api } from '../api'
import { count } from '../format'
import type { Map, MapMouseEvent } from '../map'
import { MapPane, type MapTools } from '../map-pane'
import { announce, Empty, Failure, Loading, Title, Told, useLoad } from '../parts'
import { A } from '../router'
import { useMayReview } from '../session'
import { colour } from '../theme'
import { parseRing, ringText, zoneOf } from '../zones'

export function Lists() {
  const mayChange = useMayReview()
  return (
    <div class="screen">
      <Title text="Lists & zones" />
      <div class="columns even">
        <Watchlists mayChange={mayChange} />
        <Zones mayChange={mayChange} />
      </div>
    </div>
  )
}

function Watchlists({ mayChange }: { mayChange: boolean }) {
  const lists = useLoad('', (signal) => api.watchlists(signal))
  const [name, setName] = useState('')
  const [text, setText] = useState('')
  const [error, setError] = useState<Error | null>(null)
  const keep = async (submit: Event) => {
    submit.preventDefault()
    setError(null)
    try {
      await api.putWatchlist(name.trim(), text)
      announce(`The watchlist ${name.trim()} is kept`)
      setText('')
      setName('')
      lists.reload()
    } catch (failed) {
      setError(failed as Error)
    }
  }
  const remove = async (which: string) => {
    if (!confirm(`Delete the watchlist ${which}?`)) return
    try {
      await api.deleteWatchlist(which)
      announce(`The watchlist ${which} is deleted`)
      lists.reload()
    } catch (failed) {
      setError(failed as Error)
    }
  }
  return (
    <section>
      <h2>Watchlists</h2>
      {lists.error ? (
        <Failure error={lists.error} retry={lists.reload} />
      ) : !lists.data ? (
        <Loading what="the watchlists" />
      ) : lists.data.length === 0 ? (
        <Empty>No watchlist yet.</Empty>
      ) : (
        <ul class="things">
          {lists.data.map((list) => (
            <li key={list.name}>
              <A href={`/?watchlist=${encodeURIComponent(list.name)}`}>
                <Told text={list.name} />
              </A>
              <span class="muted">{typeof list.entries === 'number' && count(list.entries, 'entry', 'entries')}</span>
              {mayChange && (
                <button
                  type="button"
                  class="quiet"
                  onClick={() => remove(list.name)}
                  aria-label={`Delete the watchlist ${list.name}`}
                >
                  Delete
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {mayChange && (
        <form class="stack" onSubmit={keep} aria-label="New watchlist">
          <h3>A new one, or another text for one that is there</h3>
          <label>
            Name of the list
            <input
              value={name}
              onInput={(input) => setName(input.currentTarget.value)}
              required
              maxLength={80}
              pattern="[^,\|]+"
              title="without a comma or a bar"
            />
          </label>
          <label>
            Ships: CSV with the columns imo, mmsi, callsign, name; or the JSON of OpenSanctions
            <textarea
              rows={7}
              value={text}
              required
              spellcheck={false}
              placeholder={'imo,name\n9123456,EXAMPLE'}
              onInput={(input) => setText(input.currentTarget.value)}
            />
          </label>
          <FileInput
            label="or from a file"
            accept=".csv,.json,.txt,.ndjson"
            onText={(read, file) => {
              setText(read)
              if (!name) setName(file.replace(/\.[^.]*$/, '').slice(0, 80))
            }}
          />
          {error && <Failure error={error} />}
          <button type="submit" class="main">
            Keep the list
          </button>
        </form>
      )}
    </section>
  )
}

function FileInput({
  label,
  accept,
  onText,
}: {
  label: string
  accept: string
  onText: (text: string, file: string) => void
}) {
  return (
    <label>
      {label}
      <input
        type="file"
        accept={accept}
        onChange={async (change) => {
          const file = change.currentTarget.files?.[0]
          if (file) onText(await file.text(), file.name)
        }}
      />
    </label>
  )
}

function Zones({ mayChange }: { mayChange: boolean }) {
  const zones = useLoad('', (signal) => api.zones(signal))
  const [name, setName] = useState('')
  const [text, setText] = useState('')
  const [drawing, setDrawing] = useState(false)
  const [error, setError] = useState<Error | null>(null)
  const made = useRef<{ map: Map; tools: MapTools } | null>(null)
  const [ready, setReady] = useState(false)
  const parsed = parseRing(text)
  const drawn = useRef(parsed.ring)
  drawn.current = parsed.ring
  const active = useRef(drawing)
  active.current = drawing

  const onReady = (map: Map, tools: MapTools) => {
    map.addSource('zones', { type: 'geojson', data: tools.NOTHING })
    map.addSource('drawn', { type: 'geojson', data: tools.NOTHING })
    map.addLayer({
      id: 'zones',
      type: 'fill',
      source: 'zones',
      paint: { 'fill-color': colour('accent'), 'fill-opacity': 0.15 },
    })
    map.addLayer({
      id: 'zone-edges',
      type: 'line',
      source: 'zones',
      paint: { 'line-color': colour('accent'), 'line-width': 1.5 },
    })
    map.addLayer({
      id: 'drawn',
      type: 'fill',
      source: 'drawn',
      paint: { 'fill-color': colour('vessel-b'), 'fill-opacity': 0.2 },
    })
    map.addLayer({
      id: 'drawn-edges',
      type: 'line',
      source: 'drawn',
      paint: { 'line-color': colour('vessel-b'), 'line-width': 2 },
    })
    map.addLayer({
      id: 'drawn-corners',
      type: 'circle',
      source: 'drawn',
      paint: {
        'circle-radius': 4,
        'circle-color': colour('vessel-b'),
        'circle-stroke-width': 1.5,
        'circle-stroke-color': colour('panel'),
      },
    })
    map.on('click', (click: MapMouseEvent) => {
      if (!active.current) return
      setText(ringText([...drawn.current, [click.lngLat.lng, click.lngLat.lat]]))
    })
    made.current = { map, tools }
    setReady(true)
  }

  useEffect(() => {
    if (!made.current) return
    const { map, tools } = made.current
    map.getCanvas().style.cursor = drawing ? 'crosshair' : ''
    if (drawing) map.doubleClickZoom.disable()
    else map.doubleClickZoom.enable()
    const features: GeoJSON.Feature[] = parsed.ring.map((corner) => ({
      type: 'Feature',
      properties: {},
      geometry: { type: 'Point', coordinates: corner },
    }))
    if (parsed.ring.length >= 2)
      features.push({
        type: 'Feature',
        properties: {},
        geometry: { type: 'LineString', coordinates: [...parsed.ring, parsed.ring[0]!] },
      })
    if (parsed.ring.length >= 3)
      features.push({
        type: 'Feature',
        properties: {},
        geometry: { type: 'Polygon', coordinates: [[...parsed.ring, parsed.ring[0]!]] },
      })
    tools.setData(map, 'drawn', tools.collection(features))
  }, [ready, text, drawing])

  useEffect(() => {
    if (!made.current || !zones.data) return
    made.current.tools.setData(made.current.map, 'zones', zones.data)
  }, [ready, zones.data])

  const keep = async (submit: Event) => {
    submit.preventDefault()
    setError(null)
    try {
      await api.putZone(name.trim(), zoneOf(name.trim(), text))
      announce(`The zone ${name.trim()} is kept`)
      setText('')
      setName('')
      setDrawing(false)
      zones.reload()
    } catch (failed) {
      setError(failed as Error)
    }
  }
  const remove = async (which: string) => {
    if (!confirm(`Delete the zone ${which}?`)) return
    try {
      await api.deleteZone(which)
      announce(`The zone ${which} is deleted`)
      zones.reload()
    } catch (failed) {
      setError(failed as Error)
    }
  }
  const names = [...new Set((zones.data?.features ?? []).map((zone) => String(zone.properties?.name ?? '')))].filter(
    Boolean,
  )
  return (
    <section>
      <h2>Zones</h2>
      {zones.error ? (
        <Failure error={zones.error} retry={zones.reload} />
      ) : !zones.data ? (
        <Loading what="the zones" />
      ) : names.length === 0 ? (
        <Empty>No zone yet.</Empty>
      ) : (
        <ul class="things">
          {names.map((each) => (
            <li key={each}>
              <A href={`/?zone=${encodeURIComponent(each)}`}>
                <Told text={each} />
              </A>
              {mayChange && (
                <button type="button" class="quiet" onClick={() => remove(each)} aria-label={`Delete the zone ${each}`}>
                  Delete
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      <div class="zone-map">
        <MapPane
          label="Map of the zones"
          onReady={onReady}
          onTheme={(map) => {
            map.setPaintProperty('zones', 'fill-color', colour('accent'))
            map.setPaintProperty('zone-edges', 'line-color', colour('accent'))
            for (const [layer, property] of [
              ['drawn', 'fill-color'],
              ['drawn-edges', 'line-color'],
              ['drawn-corners', 'circle-color'],
            ] as const)
              map.setPaintProperty(layer, property, colour('vessel-b'))
            map.setPaintProperty('drawn-corners', 'circle-stroke-color', colour('panel'))
          }}
        />
        {mayChange && (
          <div class="map-buttons">
            <button type="button" aria-pressed={drawing} disabled={!ready} onClick={() => setDrawing(!drawing)}>
              {drawing ? 'Done drawing' : 'Draw a zone'}
            </button>
            {parsed.ring.length > 0 && (
              <>
                <button type="button" onClick={() => setText(ringText(parsed.ring.slice(0, -1)))}>
                  Take back a corner
                </button>
                <button type="button" onClick={() => setText('')}>
                  Clear
                </button>
              </>
            )}
          </div>
        )}
      </div>
      {mayChange && (
        <form class="stack" onSubmit={keep} aria-label="New zone">
          <h3>A new one</h3>
          <label>
            Name of the zone
            <input
              value={name}
              onInput={(input) => setName(input.currentTarget.value)}
              required
              maxLength={80}
              pattern="[^,\|]+"
              title="without a comma or a bar"
            />
          </label>
          <label>
            Corners, one a line as longitude, latitude; or GeoJSON. Click the map while drawing to add some.
            <textarea
              rows={5}
              value={text}
              required
              spellcheck={false}
              placeholder={'-94.5, 28.0\n-94.0, 28.0\n-94.0, 28.5'}
              onInput={(input) => setText(input.currentTarget.value)}
            />
          </label>
          <FileInput
            label="or from a GeoJSON file"
            accept=".geojson,.json"
            onText={(read, file) => {
              setText(read)
              if (!name) setName(file.replace(/\.[^.]*$/, '').slice(0, 80))
            }}
          />
          {text.trim() !== '' && parsed.fault && <p class="fault">{parsed.fault}</p>}
          {error && <Failure error={error} />}
          <button type="submit" class="main" disabled={parsed.fault !== null}>
            Keep the zone
          </button>
        </form>
      )}
    </section>
  )
}

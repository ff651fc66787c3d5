// The queue: what was found, the most telling first, to be looked through from the keyboard.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import {
  api,
  type EventPage,
  type EventRecord,
  exportPath,
  type Facets,
  type MapRows,
  PAGE,
  REVIEW_STATES,
  type Review,
  type ReviewState,
  saveFile,
} from '../api'
import {
  type Filters,
  filterQuery,
  type ListKey,
  LISTS,
  narrowing,
  parseFilters,
  toggled,
  type ValueKey,
  VALUES,
} from '../filters'
import {
  count,
  country,
  distance,
  duration,
  instant,
  kindWords,
  place,
  span,
  thousands,
  vesselName,
  words,
} from '../format'
import type { GeoJSONSource, Map } from '../map'
import { MapPane, type MapTools } from '../map-pane'
import {
  announce,
  Empty,
  Failure,
  Field,
  Flag,
  isWriting,
  Kind,
  Loading,
  marksOf,
  Score,
  State,
  strongest,
  Title,
  Told,
  useKeys,
  useLoad,
  VesselName,
} from '../parts'
import { ReviewDialog } from '../review'
import { A, eventPath, navigate, useAddress } from '../router'
import { useMayReview } from '../session'
import { colour } from '../theme'

// Rows beyond it are fetched when they are asked for; more than this in one table helps nobody and slows the page.
const ROWS_MAX = 2000

const FACETS: [keyof Facets, ListKey, string][] = [
  ['kinds', 'kind', 'Kind'],
  ['classes', 'class', 'Class of meeting'],
  ['profiles', 'profile', 'Profile'],
  ['states', 'state', 'Review'],
  ['types', 'type', 'Type of vessel'],
  ['flags', 'flag', 'Flag'],
  ['zones', 'zone', 'Zone'],
  ['watchlists', 'watchlist', 'Watchlist'],
]

const ORDERS: [string, string][] = [
  ['-score', 'Score, highest first'],
  ['score', 'Score, lowest first'],
  ['-time', 'Newest first'],
  ['time', 'Oldest first'],
]

const EXPORTS: [string, string][] = [
  ['csv', 'CSV, for spreadsheets'],
  ['geojson', 'GeoJSON, for maps'],
  ['gpkg', 'GeoPackage, for QGIS'],
  ['kml', 'KML, for Google Earth'],
  ['parquet', 'GeoParquet'],
  ['graphml', 'GraphML, who met whom'],
  ['gfw', 'Events as Global Fishing Watch writes them'],
]

// Not every build of the program writes it.
const MAY_BE_REFUSED = new Set(['parquet'])

const STATE_KEYS: Record<string, ReviewState> = { r: 'reviewing', d: 'dismissed', c: 'confirmed', u: 'new' }

const NOTHING_ADDED = { to: null, events: [] as EventRecord[], next: null, state: null }

export function Queue() {
  const { path, search } = useAddress()
  const filters = useMemo(() => parseFilters(search), [search])
  const query = filterQuery(filters)
  const unordered = filterQuery({ ...filters, order: undefined })
  const [selected, setSelected] = useState<string | null>(null)
  // Keys can come faster than the page is drawn, so what is selected is known at once.
  const current = useRef<string | null>(null)
  const choose = (id: string | null) => {
    current.current = id
    setSelected(id)
  }
  const [fresh, setFresh] = useState(0)
  const [noting, setNoting] = useState<EventRecord | null>(null)
  const [help, setHelp] = useState(false)
  const mayReview = useMayReview()

  const page = useLoad(query, (signal) => api.events(query, null, signal))
  // What is read comes first; the rest is larger and waits until that is seen.
  const [seen, setSeen] = useState(false)
  const facets = useLoad(unordered, (signal) => api.facets(unordered, signal), seen)
  const points = useLoad(unordered, (signal) => api.map(unordered, signal), seen)
  useEffect(() => {
    if (seen || page.loading) return
    const timer = setTimeout(() => setSeen(true), 60)
    return () => clearTimeout(timer)
  }, [page.loading])

  // Pages after the first, and what was reviewed here, of the answer that they belong to.
  const [added, setAdded] = useState<{
    to: EventPage | null
    events: EventRecord[]
    next: string | null
    state: Error | 'loading' | null
  }>(NOTHING_ADDED)
  const [reviews, setReviews] = useState(new globalThis.Map<string, Review>())
  const extra = added.to === page.data ? added : NOTHING_ADDED
  const next = extra.to ? extra.next : (page.data?.next ?? null)
  const more = extra.state
  const rows = useMemo(
    () =>
      [...(page.data?.events ?? []), ...extra.events].map((event) =>
        reviews.has(event.id) ? { ...event, review: reviews.get(event.id)! } : event,
      ),
    [page.data, extra.events, reviews],
  )

  useEffect(() => {
    setFresh(0)
    setReviews(new globalThis.Map())
    if (!page.data?.events.some((event) => event.id === current.current)) choose(null)
  }, [page.data])

  useEffect(() => {
    const live = new EventSource('/api/live')
    live.addEventListener('event', () => setFresh((before) => before + 1))
    return () => live.close()
  }, [])

  const go = (changed: Filters) => {
    const asked = filterQuery(changed)
    navigate(asked ? `${path}?${asked}` : path, 'replace')
  }
  const reload = () => {
    page.reload()
    facets.reload()
    points.reload()
  }

  const select = (index: number) => {
    const event = rows[index]
    if (!event) return
    choose(event.id)
    const link = document.getElementById(`row-${event.id}`)
    link?.focus({ preventScroll: true })
    link?.closest('tr')?.scrollIntoView({ block: 'nearest' })
  }

  const reviewed = (id: string, review: Review) => setReviews((before) => new globalThis.Map(before).set(id, review))

  const setState = async (event: EventRecord, state: ReviewState) => {
    const before = event.review
    reviewed(event.id, { ...(before ?? NEW), state })
    try {
      reviewed(event.id, await api.review(event.id, state, before?.note ?? ''))
      announce(`${names(event)}: ${state}`)
      facets.reload()
    } catch (error) {
      reviewed(event.id, before ?? NEW)
      announce(`Not kept: ${(error as Error).message}`)
    }
  }

  useKeys((key) => {
    if (key.ctrlKey || key.metaKey || key.altKey || isWriting(key.target) || document.querySelector('dialog[open]'))
      return
    const index = rows.findIndex((event) => event.id === current.current)
    const event = rows[index]
    if (key.key === 'j') {
      if (index + 1 < rows.length) select(index + 1)
      else if (next && more === null && rows.length < ROWS_MAX) loadMore()
    } else if (key.key === 'k') select(Math.max(0, index - 1))
    else if (key.key === '/') document.getElementById('text')?.focus()
    else if (key.key === '?') setHelp(true)
    else if (
      key.key === 'Enter' &&
      event &&
      !(key.target instanceof HTMLElement && key.target.closest('a, button, summary'))
    )
      navigate(eventPath(event.id))
    else if (event && mayReview && key.key in STATE_KEYS) setState(event, STATE_KEYS[key.key]!)
    else if (event && mayReview && key.key === 'n') setNoting(event)
    else return
    key.preventDefault()
  })

  const loadMore = async () => {
    if (!next || more === 'loading') return
    const to = page.data
    setAdded({ ...extra, to, next, state: 'loading' })
    try {
      const answer = await api.events(query, next)
      const had = new Set(rows.map((event) => event.id))
      setAdded({
        to,
        events: [...extra.events, ...answer.events.filter((event) => !had.has(event.id))],
        next: answer.next,
        state: null,
      })
    } catch (error) {
      setAdded({ ...extra, to, next, state: error as Error })
    }
  }

  const total = page.data?.total ?? 0
  return (
    <div class="queue">
      <div class="queue-head">
        <Title text="Queue" />
        <p class="total" aria-live="polite">
          {page.data ? count(total, 'event') : ''}
        </p>
        {page.loading && page.data && <span class="muted">loading …</span>}
        {fresh > 0 && (
          <button type="button" class="fresh" onClick={reload}>
            {count(fresh, 'new telling')} · show
          </button>
        )}
        <div class="queue-tools">
          <label class="inline">
            <span class="muted">Order</span>
            <select
              aria-label="Order"
              value={filters.order ?? '-score'}
              onChange={(change) =>
                go({
                  ...filters,
                  order: change.currentTarget.value === '-score' ? undefined : change.currentTarget.value,
                })
              }
            >
              {ORDERS.map(([order, name]) => (
                <option key={order} value={order}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <ExportMenu query={unordered} />
          <button type="button" class="quiet" onClick={() => setHelp(true)}>
            Keys <kbd>?</kbd>
          </button>
        </div>
      </div>

      <FilterPanel filters={filters} facets={facets.data} go={go} />

      <div class="queue-table">
        <Chips filters={filters} go={go} />
        {page.error ? (
          <Failure error={page.error} retry={page.reload} />
        ) : !page.data ? (
          <Loading what="events" />
        ) : rows.length === 0 ? (
          <Empty>
            {narrowing(filters) > 0 ? (
              <>
                Nothing fits these filters.{' '}
                <button type="button" onClick={() => go({ order: filters.order })}>
                  Take all filters away
                </button>
              </>
            ) : (
              'The store holds no flagged event yet. It fills while alongside runs, or by a replay into the same file.'
            )}
          </Empty>
        ) : (
          <>
            <table class="events">
              <caption class="hidden">Events, with their score and what speaks for it</caption>
              <thead>
                <tr>
                  <th scope="col">Score</th>
                  <th scope="col">Vessels and reasons</th>
                  <th scope="col">When and where</th>
                  <th scope="col">Review</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((event, index) => (
                  <Row
                    key={event.id}
                    event={event}
                    selected={event.id === selected}
                    onSelect={() => choose(event.id)}
                    onNote={
                      mayReview
                        ? () => {
                            select(index)
                            setNoting(event)
                          }
                        : undefined
                    }
                  />
                ))}
              </tbody>
            </table>
            <div class="more">
              <span class="muted">
                {thousands(rows.length)} of {thousands(total)}
              </span>
              {next && rows.length < ROWS_MAX && (
                <button type="button" onClick={loadMore} disabled={more === 'loading'}>
                  Show {PAGE} more
                </button>
              )}
              {next && rows.length >= ROWS_MAX && <span>Narrow the filters to see the others, or export them.</span>}
              {more instanceof Error && <Failure error={more} retry={loadMore} />}
            </div>
          </>
        )}
      </div>

      <div class="queue-map">
        {seen && (
          <EventMap
            points={points.data}
            selected={rows.find((event) => event.id === selected) ?? null}
            bbox={filters.bbox}
            onPick={(id) => {
              const index = rows.findIndex((event) => event.id === id)
              if (index >= 0) select(index)
              else navigate(eventPath(id))
            }}
            onBounds={(bbox) => go({ ...filters, bbox })}
          />
        )}
        {points.error && <Failure error={points.error} retry={points.reload} />}
        {points.data?.truncated && (
          <p class="note">The map shows the first {thousands(points.data.rows.length)} of them.</p>
        )}
      </div>

      {noting && (
        <ReviewDialog
          event={noting}
          onClose={() => setNoting(null)}
          onReview={(review) => {
            reviewed(noting.id, review)
            facets.reload()
          }}
        />
      )}
      {help && <Keys onClose={() => setHelp(false)} mayReview={mayReview} />}
    </div>
  )
}

const NEW: Review = { state: 'new', note: '', changed_at: null, changed_by: null }
const names = (event: EventRecord) => event.vessels.map(vesselName).join(' and ')

interface RowProps {
  event: EventRecord
  selected: boolean
  onSelect: () => void
  onNote?: () => void
}

function Row({ event, selected, onSelect, onNote }: RowProps) {
  const review = event.review ?? NEW
  return (
    <tr class={selected ? 'selected' : undefined} aria-current={selected ? 'true' : undefined} onClick={onSelect}>
      <td>
        <Score value={event.score} />
      </td>
      <td>
        <A id={`row-${event.id}`} class="row-link" href={eventPath(event.id)} onFocus={onSelect}>
          {event.vessels.map((vessel, index) => (
            <span key={vessel.mmsi}>
              {index > 0 && <span class="muted"> · </span>}
              <VesselName vessel={vessel} />
            </span>
          ))}
        </A>
        <div class="row-what">
          <Kind event={event} />
          {event.vessels.map((vessel) => (
            <span key={vessel.mmsi} class="muted">
              <Flag flag={vessel.flag} /> {vessel.type ? words(vessel.type) : ''}
            </span>
          ))}
          {marksOf(event).map((mark) => (
            <span key={mark} class="mark">
              <Told text={mark} />
            </span>
          ))}
          {event.state !== 'closed' && <span class="muted">{event.state}</span>}
        </div>
        <ul class="row-reasons">
          {strongest(event.reasons, 3).map((reason) => (
            <li key={reason.rule} class={reason.weight < 0 ? 'against' : undefined}>
              {reason.weight < 0 && <span class="muted">against: </span>}
              <Told text={reason.text} />
            </li>
          ))}
        </ul>
      </td>
      <td class="row-when">
        <time dateTime={event.started_at}>{instant(event.started_at)}</time>
        <div>{duration(span(event.started_at, event.ended_at))}</div>
        <div class="muted">{place(event.latitude_deg, event.longitude_deg)}</div>
        <div class="muted">
          {event.port_name ? (
            <>
              <Told text={event.port_name} />, {distance(event.port_distance_m)}
            </>
          ) : event.coast_distance_m !== null ? (
            `${distance(event.coast_distance_m)} off the coast`
          ) : (
            ''
          )}
        </div>
      </td>
      <td>
        {onNote ? (
          <button
            type="button"
            class="state-button"
            aria-label={`Review of ${names(event)}: ${review.state}`}
            onClick={onNote}
          >
            <State state={review.state} />
          </button>
        ) : (
          <State state={review.state} />
        )}
        {review.note && (
          <div class="row-note">
            <Told text={review.note} />
          </div>
        )}
      </td>
    </tr>
  )
}

function ExportMenu({ query }: { query: string }) {
  const menu = useRef<HTMLDetailsElement>(null)
  return (
    <details
      class="menu"
      ref={menu}
      onKeyDown={(key) => {
        if (key.key !== 'Escape' || !menu.current) return
        menu.current.open = false
        menu.current.querySelector('summary')?.focus()
      }}
    >
      <summary>Export</summary>
      <ul>
        {EXPORTS.map(([format, name]) => (
          <li key={format}>
            <a
              href={exportPath(format, query)}
              download=""
              onClick={(click) => {
                if (menu.current) menu.current.open = false
                if (!MAY_BE_REFUSED.has(format)) return
                click.preventDefault()
                saveFile(exportPath(format, query), `alongside.${format}`).catch((error: Error) =>
                  announce(error.message),
                )
              }}
            >
              {name}
            </a>
          </li>
        ))}
      </ul>
    </details>
  )
}

interface PanelProps {
  filters: Filters
  facets: Facets | null
  go: (filters: Filters) => void
}

function FilterPanel({ filters, facets, go }: PanelProps) {
  const wide = useWide()
  const value = (key: ValueKey, text: string) => go({ ...filters, [key]: text.trim() || undefined })
  const set = narrowing(filters)
  return (
    <details class="filters" open={wide}>
      <summary>Filters{set > 0 ? ` (${set})` : ''}</summary>
      <form onSubmit={(submit) => submit.preventDefault()} role="search" aria-label="Events">
        <label>
          Text, name, MMSI or IMO
          <Field id="text" type="search" value={filters.text ?? ''} onCommit={(text) => value('text', text)} />
        </label>
        <div class="pair">
          <label>
            From (UTC)
            <Field
              type="text"
              inputMode="numeric"
              placeholder="2024-01-01"
              value={filters.since ?? ''}
              onCommit={(text) => value('since', isoOf(text))}
            />
          </label>
          <label>
            Until (UTC)
            <Field
              type="text"
              inputMode="numeric"
              placeholder="2024-01-31"
              value={filters.until ?? ''}
              onCommit={(text) => value('until', isoOf(text))}
            />
          </label>
        </div>
        <div class="pair">
          <label>
            Score from
            <Field
              type="number"
              min="0"
              max="1"
              step="0.05"
              value={filters.score_min ?? ''}
              onCommit={(text) => value('score_min', text)}
            />
          </label>
          <label>
            to
            <Field
              type="number"
              min="0"
              max="1"
              step="0.05"
              value={filters.score_max ?? ''}
              onCommit={(text) => value('score_max', text)}
            />
          </label>
        </div>
        <label class="check">
          <input
            type="checkbox"
            checked={filters.flagged === 'all'}
            onChange={(change) => go({ ...filters, flagged: change.currentTarget.checked ? 'all' : undefined })}
          />
          Encounters that satisfy no profile too
        </label>
        {FACETS.map(([group, key, title]) => (
          <Facet
            key={key}
            title={title}
            name={key}
            counts={facets?.[group] ?? null}
            chosen={filters[key] ?? []}
            onToggle={(term) => go(toggled(filters, key, term))}
          />
        ))}
      </form>
    </details>
  )
}

/** `2024-01-01 00:14` as the API takes it; what is no time goes as it is, and the answer says so. */
export function isoOf(text: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?Z?)?$/.exec(text.trim())
  if (!match) return text.trim()
  return `${match[1]}T${match[2] ?? '00:00'}${match[3] ?? ':00'}Z`
}

function useWide(): boolean {
  const [wide, setWide] = useState(() => matchMedia('(min-width: 75rem)').matches)
  useEffect(() => {
    const query = matchMedia('(min-width: 75rem)')
    const listener = () => setWide(query.matches)
    query.addEventListener('change', listener)
    return () => query.removeEventListener('change', listener)
  }, [])
  return wide
}

const SHOWN = 7

interface FacetProps {
  title: string
  name: ListKey
  counts: Record<string, number> | null
  chosen: string[]
  onToggle: (term: string) => void
}

function Facet({ title, name, counts, chosen, onToggle }: FacetProps) {
  const [all, setAll] = useState(false)
  const terms = new globalThis.Map(Object.entries(counts ?? {}))
  for (const term of chosen) if (!terms.has(term)) terms.set(term, 0)
  if (terms.size === 0) return null
  const sorted = [...terms].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  const shown = all ? sorted : sorted.filter(([term], index) => index < SHOWN || chosen.includes(term))
  return (
    <fieldset class="facet">
      <legend>{title}</legend>
      {shown.map(([term, number]) => (
        <label key={term} class="check">
          <input type="checkbox" checked={chosen.includes(term)} onChange={() => onToggle(term)} />
          <span class="facet-term">
            <Told text={termWords(name, term)} />
          </span>
          <span class="facet-count">{thousands(number)}</span>
        </label>
      ))}
      {sorted.length > shown.length && (
        <button type="button" class="quiet small" onClick={() => setAll(true)}>
          {sorted.length - shown.length} more
        </button>
      )}
    </fieldset>
  )
}

function termWords(key: string, term: string): string {
  if (key === 'flag') return `${term} ${country(term)}`
  if (key === 'kind') return kindWords(term)
  return key === 'zone' || key === 'watchlist' || key === 'name' || key === 'text' ? term : words(term)
}

const VALUE_WORDS: Record<string, string> = {
  text: 'text',
  name: 'name',
  since: 'from',
  until: 'until',
  score_min: 'score ≥',
  score_max: 'score ≤',
  bbox: 'within',
  flagged: 'flagged',
}

function Chips({ filters, go }: { filters: Filters; go: (filters: Filters) => void }) {
  if (narrowing(filters) === 0) return null
  const chips: [string, Filters][] = []
  for (const key of LISTS)
    for (const term of filters[key] ?? [])
      chips.push([`${words(key)}: ${termWords(key, term)}`, toggled(filters, key, term)])
  for (const key of VALUES) {
    const value = filters[key]
    if (!value || key === 'order') continue
    const shown =
      key === 'bbox'
        ? 'a part of the map'
        : key === 'flagged'
          ? 'no profile too'
          : key === 'since' || key === 'until'
            ? instant(value)
            : value
    chips.push([key === 'flagged' ? shown : `${VALUE_WORDS[key]} ${shown}`, { ...filters, [key]: undefined }])
  }
  return (
    <ul class="chips" aria-label="Filters that are set">
      {chips.map(([name, without]) => (
        <li key={name}>
          <button type="button" onClick={() => go(without)} aria-label={`Take away the filter ${name}`}>
            <Told text={name} /> <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <button type="button" class="quiet" onClick={() => go({ order: filters.order })}>
            Take all away
          </button>
        </li>
      )}
    </ul>
  )
}

interface EventMapProps {
  points: MapRows | null
  selected: EventRecord | null
  bbox: string | undefined
  onPick: (id: string) => void
  onBounds: (bbox: string | undefined) => void
}

/** Points that lie near each other are drawn as one until the map is near enough, so that fifty thousand move as smoothly as fifty. */
function EventMap({ points, selected, bbox, onPick, onBounds }: EventMapProps) {
  const made = useRef<{ map: Map; tools: MapTools } | null>(null)
  const [ready, setReady] = useState(false)
  const fitted = useRef(false)
  const pick = useRef(onPick)
  pick.current = onPick

  const onReady = (map: Map, tools: MapTools) => {
    map.addSource('events', {
      type: 'geojson',
      data: tools.NOTHING,
      cluster: true,
      clusterRadius: 36,
      clusterMaxZoom: 11,
      clusterProperties: { score_max: ['max', ['get', 'score']] },
    })
    map.addSource('selected', { type: 'geojson', data: tools.NOTHING })
    map.addLayer({
      id: 'clusters',
      type: 'circle',
      source: 'events',
      filter: ['has', 'point_count'],
      paint: clusterPaint(),
    })
    map.addLayer({
      id: 'cluster-counts',
      type: 'symbol',
      source: 'events',
      filter: ['has', 'point_count'],
      layout: { 'text-field': ['get', 'point_count_abbreviated'], 'text-size': 11, 'text-allow-overlap': true },
      paint: { 'text-color': colour('on-point') },
    })
    map.addLayer({
      id: 'points',
      type: 'circle',
      source: 'events',
      filter: ['!', ['has', 'point_count']],
      paint: pointPaint(),
    })
    map.addLayer({
      id: 'selected',
      type: 'circle',
      source: 'selected',
      paint: {
        'circle-radius': 11,
        'circle-color': 'transparent',
        'circle-stroke-width': 2.5,
        'circle-stroke-color': colour('ink'),
      },
    })
    map.on('click', 'points', (click) => {
      const id = click.features?.[0]?.properties?.id
      if (typeof id === 'string') pick.current(id)
    })
    map.on('click', 'clusters', async (click) => {
      const found = click.features?.[0]
      if (!found) return
      const source = map.getSource('events') as GeoJSONSource
      const zoom = await source.getClusterExpansionZoom(found.properties!.cluster_id as number)
      map.easeTo({ center: (found.geometry as GeoJSON.Point).coordinates as [number, number], zoom: zoom + 0.5 })
    })
    for (const layer of ['points', 'clusters']) {
      map.on('mouseenter', layer, () => (map.getCanvas().style.cursor = 'pointer'))
      map.on('mouseleave', layer, () => (map.getCanvas().style.cursor = ''))
    }
    made.current = { map, tools }
    setReady(true)
  }

  useEffect(() => {
    if (!ready || !made.current || !points) return
    const { map, tools } = made.current
    const at = (name: string) => points.fields.indexOf(name)
    const [id, longitude, latitude, score] = [at('id'), at('longitude_deg'), at('latitude_deg'), at('score')]
    const features: GeoJSON.Feature[] = points.rows.map((row) => ({
      type: 'Feature',
      properties: { id: row[id], score: row[score] },
      geometry: { type: 'Point', coordinates: [Number(row[longitude]), Number(row[latitude])] },
    }))
    tools.setData(map, 'events', tools.collection(features))
    if (fitted.current || features.length === 0) return
    fitted.current = true
    const bounds = extent(features.map((point) => (point.geometry as GeoJSON.Point).coordinates as [number, number]))
    if (bounds) map.fitBounds(bounds, { padding: 40, maxZoom: 9, animate: false })
  }, [ready, points])

  useEffect(() => {
    if (!ready || !made.current) return
    const { map, tools } = made.current
    tools.setData(
      map,
      'selected',
      selected
        ? tools.collection([
            {
              type: 'Feature',
              properties: {},
              geometry: { type: 'Point', coordinates: [selected.longitude_deg, selected.latitude_deg] },
            },
          ])
        : tools.NOTHING,
    )
    if (selected && !map.getBounds().contains([selected.longitude_deg, selected.latitude_deg])) {
      map.easeTo({ center: [selected.longitude_deg, selected.latitude_deg] })
    }
  }, [ready, selected])

  const bound = () => {
    if (!made.current) return
    const bounds = made.current.map.getBounds()
    const wide = bounds.getEast() - bounds.getWest() >= 360
    const wrapped = (longitude: number) => ((((longitude + 180) % 360) + 360) % 360) - 180
    const west = wide ? -180 : wrapped(bounds.getWest())
    const east = wide ? 180 : wrapped(bounds.getEast())
    onBounds(
      [west, Math.max(-90, bounds.getSouth()), east, Math.min(90, bounds.getNorth())]
        .map((value) => value.toFixed(4))
        .join(','),
    )
  }

  return (
    <>
      <MapPane
        label="Map of the events that fit the filters"
        onReady={onReady}
        onTheme={(map) => {
          for (const [key, value] of Object.entries(clusterPaint()))
            map.setPaintProperty('clusters', key as 'circle-color', value as string)
          for (const [key, value] of Object.entries(pointPaint()))
            map.setPaintProperty('points', key as 'circle-color', value as string)
          map.setPaintProperty('cluster-counts', 'text-color', colour('on-point'))
          map.setPaintProperty('selected', 'circle-stroke-color', colour('ink'))
        }}
      />
      <div class="map-buttons">
        <button type="button" onClick={bound} disabled={!ready}>
          Only what the map shows
        </button>
        {bbox && (
          <button type="button" onClick={() => onBounds(undefined)}>
            Everywhere
          </button>
        )}
      </div>
    </>
  )
}

const clusterPaint = () => ({
  'circle-color': [
    'interpolate',
    ['linear'],
    ['get', 'score_max'],
    0.2,
    colour('score-low'),
    0.9,
    colour('score-high'),
  ] as unknown as string,
  'circle-radius': [
    'interpolate',
    ['linear'],
    ['ln', ['get', 'point_count']],
    0.7,
    9,
    4.6,
    15,
    9,
    24,
  ] as unknown as number,
  'circle-opacity': 0.9,
  'circle-stroke-width': 1,
  'circle-stroke-color': colour('panel'),
})

const pointPaint = () => ({
  'circle-color': [
    'interpolate',
    ['linear'],
    ['get', 'score'],
    0.2,
    colour('score-low'),
    0.9,
    colour('score-high'),
  ] as unknown as string,
  'circle-radius': ['interpolate', ['linear'], ['get', 'score'], 0, 4, 1, 7] as unknown as number,
  'circle-stroke-width': 1,
  'circle-stroke-color': colour('panel'),
})

/** West, south, east, north; across the 180th meridian where that is the shorter way round. */
export function extent(places: [number, number][]): [number, number, number, number] | null {
  const [first] = places
  if (!first) return null
  let south = 90
  let north = -90
  for (const [, latitude] of places) {
    south = Math.min(south, latitude)
    north = Math.max(north, latitude)
  }
  const sorted = places.map(([longitude]) => longitude).sort((a, b) => a - b)
  // The widest empty part of the circle is what is left out.
  let west = sorted[0]!
  let widest = sorted[0]! + 360 - sorted[sorted.length - 1]!
  let east = sorted[sorted.length - 1]!
  for (let index = 1; index < sorted.length; index += 1) {
    const empty = sorted[index]! - sorted[index - 1]!
    if (empty <= widest) continue
    widest = empty
    west = sorted[index]!
    east = sorted[index - 1]! + 360
  }
  return [west, south, east, north]
}

function Keys({ onClose, mayReview }: { onClose: () => void; mayReview: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const keys: [string, string][] = [
    ['j / k', 'next and previous event'],
    ['Enter', 'open it'],
    ...(mayReview
      ? ([
          ['r', `set it to ${REVIEW_STATES[1]}`],
          ['d', 'dismiss it'],
          ['c', 'confirm it'],
          ['u', 'back to new'],
          ['n', 'state and note'],
        ] as [string, string][])
      : []),
    ['/', 'search'],
    ['?', 'this list'],
  ]
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button>Close</button>
      </form>
    </dialog>
  )
}

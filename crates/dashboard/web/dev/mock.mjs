// A server that answers as `alongside serve` does, from memory, to work on the page and to test it without a store:
// on port 8791 a simulated sea, on 8792 fifty thousand events that are made up, on 8793 the sea again, behind a login
// (analyst, secret). It serves dist/ under the same policy as the program. It is no part of the program.

import { createServer } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { landOf } from './land.mjs'
import { hostile, madeUp, simulatedSea } from './sea.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
}
const land = JSON.stringify(
  landOf(JSON.parse(readFileSync(join(root, 'node_modules/world-atlas/land-50m.json'), 'utf8'))),
)

class Refused extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

function store(events, tracks, login) {
  const reviews = new Map()
  const watchlists = new Map([['sanctioned', 'imo,name\n9203514,CORAL GLORY']])
  const zones = new Map()
  const live = new Set()
  const sessions = new Set()
  const byId = new Map(events.map((event) => [event.id, event]))
  const reviewOf = (id) => reviews.get(id)?.at(-1) ?? { state: 'new', note: '', changed_at: null, changed_by: null }
  const told = (event) => ({
    ...event,
    review: reviewOf(event.id),
    marks: {
      zones: [...zones].filter(([, zone]) => inZone(zone, event)).map(([name]) => name),
      watchlists: [...watchlists]
        .filter(([, text]) => event.vessels.some((vessel) => vessel.imo && text.includes(String(vessel.imo))))
        .map(([name]) => name),
    },
  })

  function selected(query) {
    const list = (key) => query.get(key)?.split(',').filter(Boolean)
    const [kind, cls, profile, state, flag, type, mmsi] = [
      'kind',
      'class',
      'profile',
      'state',
      'flag',
      'type',
      'mmsi',
    ].map(list)
    const [zone, watchlist] = [list('zone'), list('watchlist')]
    const text = (query.get('text') ?? query.get('name'))?.toLowerCase()
    const number = (key) => (query.get(key) === null ? null : Number(query.get(key)))
    for (const key of ['since', 'until'])
      if (query.get(key) && Number.isNaN(Date.parse(query.get(key))))
        throw new Refused(400, `${key} is no time: ${query.get(key)}`)
    const since = query.get('since') && Date.parse(query.get('since'))
    const until = query.get('until') && Date.parse(query.get('until'))
    const [least, most] = [number('score_min'), number('score_max')]
    const bbox = query.get('bbox')?.split(',').map(Number)
    const flagged = query.get('flagged') !== 'all'
    return events.filter((event) => {
      if (flagged && event.kind === 'encounter' && event.profiles.length === 0) return false
      if (kind && !kind.includes(event.kind)) return false
      if (cls && !cls.includes(event.class)) return false
      if (profile && !profile.some((name) => event.profiles.includes(name))) return false
      if (state && !state.includes(reviewOf(event.id).state)) return false
      if (flag && !event.vessels.some((vessel) => flag.includes(vessel.flag))) return false
      if (type && !event.vessels.some((vessel) => type.includes(vessel.type))) return false
      if (mmsi && !event.vessels.some((vessel) => mmsi.includes(String(vessel.mmsi)))) return false
      if (zone && !zone.some((name) => inZone(zones.get(name), event))) return false
      if (
        watchlist &&
        !watchlist.some((name) =>
          event.vessels.some((vessel) => vessel.imo && watchlists.get(name)?.includes(String(vessel.imo))),
        )
      )
        return false
      if (
        text &&
        !event.vessels.some((vessel) => `${vessel.name} ${vessel.mmsi} ${vessel.imo}`.toLowerCase().includes(text)) &&
        !event.explanation.toLowerCase().includes(text)
      )
        return false
      if (least !== null && event.score < least) return false
      if (most !== null && event.score > most) return false
      if (since && Date.parse(event.ended_at) < since) return false
      if (until && Date.parse(event.started_at) > until) return false
      if (bbox) {
        const [west, south, east, north] = bbox
        const { longitude_deg: x, latitude_deg: y } = event
        if (y < south || y > north || (west <= east ? x < west || x > east : x < west && x > east)) return false
      }
      return true
    })
  }

  const ORDERS = {
    '-score': (a, b) => b.score - a.score,
    score: (a, b) => a.score - b.score,
    '-time': (a, b) => (a.started_at < b.started_at ? 1 : -1),
    time: (a, b) => (a.started_at < b.started_at ? -1 : 1),
  }

  function tracksOf(event, detail) {
    // As the store: what is no encounter has no tracks.
    if (event.vessels.length < 2) return { from: event.started_at, until: event.ended_at, tracks: [], distance: [] }
    const started = Date.parse(event.started_at)
    const ended = Date.parse(event.ended_at)
    const [from, until] = [started - 2 * 3_600_000, ended + 3_600_000]
    const found = event.vessels.map((vessel, index) => {
      const known = tracks?.[vessel.mmsi]
      let points = known
        ? known.points.filter((point) => point[0] >= from && point[0] <= until)
        : madeUpPoints(event, index, started, ended)
      if (detail === 'thin') points = points.filter((_, at) => at % Math.ceil(points.length / 200) === 0)
      const bridged = []
      for (let at = 1; at < points.length; at += 1)
        if (points[at][0] - points[at - 1][0] > 15 * 60_000) bridged.push([points[at - 1][0], points[at][0]])
      return {
        mmsi: vessel.mmsi,
        name: vessel.name,
        length_m: vessel.length_m,
        beam_m: vessel.beam_m,
        antenna: known?.antenna ?? null,
        points,
        bridged,
      }
    })
    const distance = []
    if (found.length === 2) {
      for (const at of [...new Set(found.flatMap((track) => track.points.map((point) => point[0])))].sort(
        (a, b) => a - b,
      )) {
        const [a, b] = found.map((track) => placeAt(track.points, at))
        if (a && b) distance.push([at, Math.round(apart(a, b) * 10) / 10])
      }
    }
    return { from: new Date(from).toISOString(), until: new Date(until).toISOString(), tracks: found, distance }
  }

  function network(query) {
    let chosen = selected(query).filter((event) => event.vessels.length === 2)
    const ego = query.get('mmsi') && Number(query.get('mmsi'))
    if (ego) {
      const meetings = events.filter((event) => event.vessels.length === 2)
      let reached = new Set([ego])
      for (let step = 0; step < Number(query.get('depth') ?? 1); step += 1) {
        chosen = meetings.filter((event) => event.vessels.some((vessel) => reached.has(vessel.mmsi)))
        reached = new Set([...reached, ...chosen.flatMap((event) => event.vessels.map((vessel) => vessel.mmsi))])
      }
    }
    const nodes = new Map()
    const links = new Map()
    for (const event of chosen) {
      for (const { mmsi, name, flag, type } of event.vessels) {
        const node = nodes.get(mmsi) ?? { mmsi, name, flag, type, events: 0 }
        node.events += 1
        nodes.set(mmsi, node)
      }
      const [a, b] = event.vessels.map((vessel) => vessel.mmsi)
      const link = links.get(`${a} ${b}`) ?? { a, b, events: 0, score_max: 0, last_at: '', ids: [] }
      link.events += 1
      link.score_max = Math.max(link.score_max, event.score)
      link.last_at = event.ended_at > link.last_at ? event.ended_at : link.last_at
      link.ids.push(event.id)
      links.set(`${a} ${b}`, link)
    }
    return { nodes: [...nodes.values()], links: [...links.values()] }
  }

  function vessels() {
    const found = new Map()
    for (const event of events) {
      for (const vessel of event.vessels) {
        const { mmsi, imo, name, callsign, flag, type, length_m, beam_m } = vessel
        const row = found.get(mmsi) ?? {
          mmsi,
          imo,
          name,
          callsign,
          flag,
          type,
          length_m,
          beam_m,
          first_heard_at: event.started_at,
          last_heard_at: event.ended_at,
          positions: tracks?.[mmsi]?.points.length ?? 0,
          events: 0,
        }
        row.events += 1
        if (event.ended_at > row.last_heard_at) row.last_heard_at = event.ended_at
        found.set(mmsi, row)
      }
    }
    return found
  }

  const routes = [
    [
      'GET',
      /^\/events$/,
      (_, query) => {
        const all = selected(query).sort(ORDERS[query.get('order') ?? '-score'] ?? ORDERS['-score'])
        const at = Number(query.get('cursor') ?? 0)
        const limit = Number(query.get('limit') ?? 100)
        return {
          events: all.slice(at, at + limit).map(told),
          next: at + limit < all.length ? String(at + limit) : null,
          total: all.length,
        }
      },
    ],
    [
      'GET',
      /^\/map$/,
      (_, query) => ({
        fields: ['id', 'longitude_deg', 'latitude_deg', 'score', 'kind', 'class', 'started_at_ms', 'state'],
        rows: selected(query).map((event) => [
          event.id,
          event.longitude_deg,
          event.latitude_deg,
          event.score,
          event.kind,
          event.class,
          Date.parse(event.started_at),
          reviewOf(event.id).state,
        ]),
        truncated: false,
      }),
    ],
    [
      'GET',
      /^\/facets$/,
      (_, query) => {
        const facets = {
          kinds: {},
          classes: {},
          profiles: {},
          flags: {},
          types: {},
          states: {},
          zones: {},
          watchlists: {},
        }
        const add = (group, term) => term && (facets[group][term] = (facets[group][term] ?? 0) + 1)
        for (const event of selected(query)) {
          add('kinds', event.kind)
          add('classes', event.class)
          add('states', reviewOf(event.id).state)
          for (const name of event.profiles) add('profiles', name)
          for (const flag of new Set(event.vessels.map((vessel) => vessel.flag))) add('flags', flag)
          for (const type of new Set(event.vessels.map((vessel) => vessel.type))) add('types', type)
          for (const [name, zone] of zones) if (inZone(zone, event)) add('zones', name)
        }
        return facets
      },
    ],
    [
      'GET',
      /^\/events\/([^/]+)$/,
      ([id]) => {
        const event = byId.get(id) ?? refuse(404, `there is no event ${id}`)
        return {
          event: told(event),
          review: reviewOf(id),
          reviews: reviews.get(id) ?? [],
          versions: [{ version: event.version, state: event.state, as_of: event.as_of, record: event }],
          run: {
            run_id: 'run-1',
            started_at: '2024-02-01T00:00:00.000Z',
            software_version: event.software_version,
            parameters_hash: event.parameters_hash,
            parameters: '[encounter]\ndistance_m_in = 500.0\n',
            inputs: ['sea.nmea.gz'],
            selection: null,
          },
        }
      },
    ],
    [
      'GET',
      /^\/events\/([^/]+)\/tracks$/,
      ([id], query) => tracksOf(byId.get(id) ?? refuse(404, `there is no event ${id}`), query.get('detail')),
    ],
    [
      'PUT',
      /^\/events\/([^/]+)\/review$/,
      ([id], _, body) => {
        if (!byId.has(id)) refuse(404, `there is no event ${id}`)
        const { state, note } = JSON.parse(body)
        const review = { state, note, changed_at: new Date().toISOString(), changed_by: login ? 'analyst' : null }
        reviews.set(id, [...(reviews.get(id) ?? []), review])
        return review
      },
    ],
    [
      'GET',
      /^\/events\/([^/]+)\/dossier$/,
      () => refuse(501, 'the raw sentences are not at hand; give --raw the recording that the events came from'),
    ],
    [
      'GET',
      /^\/vessels$/,
      (_, query) => {
        const text = query.get('text')?.toLowerCase()
        const all = [...vessels().values()].filter(
          (vessel) =>
            (!text || `${vessel.name} ${vessel.mmsi} ${vessel.imo} ${vessel.callsign}`.toLowerCase().includes(text)) &&
            (!query.get('flag') || vessel.flag === query.get('flag')) &&
            (!query.get('type') || vessel.type === query.get('type')),
        )
        const at = Number(query.get('cursor') ?? 0)
        const limit = Number(query.get('limit') ?? 100)
        return { vessels: all.slice(at, at + limit), next: at + limit < all.length ? String(at + limit) : null }
      },
    ],
    [
      'GET',
      /^\/vessels\/(\d+)$/,
      ([mmsi]) => {
        const vessel = vessels().get(Number(mmsi)) ?? refuse(404, `no vessel with the MMSI ${mmsi} was heard`)
        const identity = (({ imo, name, callsign, flag, type, length_m, beam_m, first_heard_at, last_heard_at }) => ({
          imo,
          name,
          callsign,
          flag,
          type,
          length_m,
          beam_m,
          first_heard_at,
          last_heard_at,
        }))(vessel)
        return {
          vessel,
          identities: [{ ...identity, name: 'FORMER NAME', last_heard_at: identity.first_heard_at }, identity],
          events: events.filter((event) => event.vessels.some((each) => each.mmsi === vessel.mmsi)).map(told),
        }
      },
    ],
    ['GET', /^\/network$/, (_, query) => network(query)],
    [
      'GET',
      /^\/health$/,
      () => ({
        sources: [
          {
            name: 'udp:5000',
            state: 'connected',
            last_message_at: new Date().toISOString(),
            rate_per_s: 31.4,
            usual_rate_per_s: 34,
            lag_s: 0.4,
          },
          {
            name: 'tcp:feed.example:4001',
            state: 'silent',
            last_message_at: '2024-01-01T00:00:00.000Z',
            rate_per_s: 0,
            usual_rate_per_s: 12,
            lag_s: 5400,
          },
        ],
        sinks: [],
        store: {
          kind: 'geopackage',
          path: 'alongside.gpkg',
          events: events.length,
          last_change: '2024-01-02T03:04:05.000Z',
        },
      }),
    ],
    [
      'GET',
      /^\/audit$/,
      () => ({ audit: [{ at: '2024-01-02T03:04:05.000Z', user: 'analyst', action: 'review', subject: events[0].id }] }),
    ],
    [
      'GET',
      /^\/watchlists$/,
      () => ({
        watchlists: [...watchlists].map(([name, text]) => ({ name, entries: text.trim().split('\n').length - 1 })),
      }),
    ],
    ['PUT', /^\/watchlists\/([^/]+)$/, ([name], _, body) => void watchlists.set(name, body)],
    ['DELETE', /^\/watchlists\/([^/]+)$/, ([name]) => void watchlists.delete(name)],
    [
      'GET',
      /^\/zones$/,
      () => ({
        type: 'FeatureCollection',
        features: [...zones].map(([name, zone]) => ({ ...zone, properties: { ...zone.properties, name } })),
      }),
    ],
    ['PUT', /^\/zones\/([^/]+)$/, ([name], _, body) => void zones.set(name, JSON.parse(body))],
    ['DELETE', /^\/zones\/([^/]+)$/, ([name]) => void zones.delete(name)],
    [
      'POST',
      /^\/what-if$/,
      (_, __, body) => {
        const [[name, numbers]] = Object.entries(JSON.parse(body).profiles)
        const fits = (event) =>
          event.kind === 'encounter' &&
          event.distance_m_p50 <= (numbers.distance_m ?? 250) &&
          event.contact_s >= (numbers.duration_s ?? 2700)
        const had = events.filter((event) => event.profiles.includes(name))
        const has = events.filter(fits)
        return {
          appear: has.filter((event) => !had.includes(event)).map(told),
          vanish: had.filter((event) => !has.includes(event)).map(told),
          stay: had.filter((event) => has.includes(event)).length,
          rests_on: 'the encounters as the mock has them',
        }
      },
    ],
    [
      'GET',
      /^\/about$/,
      () => ({
        software_version: '0.1.0',
        parameters_hash: '906cbb75ed658c69',
        store: { kind: 'geopackage', path: 'alongside.gpkg', events: events.length },
        basemap: 'Natural Earth',
        page: 'built',
        profiles: [
          {
            name: 'gfw',
            distance_m: 500,
            duration_s: 7200,
            alternatives: [],
            speed_knots: 2,
            coast_distance_m: 1000,
            port_distance_m: 10000,
          },
          {
            name: 'sts',
            distance_m: 250,
            duration_s: 2700,
            alternatives: [],
            speed_knots: 7,
            coast_distance_m: 1000,
            port_distance_m: 0,
          },
        ],
      }),
    ],
    ['GET', /^\/openapi\.json$/, () => ({ openapi: '3.1.0' })],
  ]

  return async (request, response) => {
    const url = new URL(request.url, 'http://mock')
    const path = url.pathname
    if (!path.startsWith('/api/')) return page(path, response)
    let body = ''
    for await (const chunk of request) body += chunk
    const send = (status, value, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(value === undefined ? '' : JSON.stringify(value))
    }
    const cookie = /session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
    const signedIn = !login || sessions.has(cookie)
    try {
      if (path === '/api/session')
        return send(200, {
          user: login && signedIn ? 'analyst' : null,
          role: login && signedIn ? 'analyst' : null,
          open: !login,
          csrf: 'token',
        })
      if (request.method !== 'GET' && request.headers['x-csrf-token'] !== 'token')
        refuse(403, 'the request carries no token of this page')
      if (path === '/api/login') {
        const said = JSON.parse(body)
        if (said.user !== 'analyst' || said.password !== 'secret') refuse(401, 'user or password is wrong')
        const key = Math.random().toString(36).slice(2)
        sessions.add(key)
        return send(200, {}, { 'set-cookie': `session=${key}; HttpOnly; SameSite=Strict; Path=/` })
      }
      if (path === '/api/logout') {
        sessions.delete(cookie)
        return send(200, {})
      }
      if (!signedIn) refuse(401, 'log in first')
      if (path === '/api/basemap/land.json') {
        response.writeHead(200, { 'content-type': 'application/json' })
        return response.end(land)
      }
      if (path === '/api/live') {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
        response.write(': here\n\n')
        live.add(response)
        request.on('close', () => live.delete(response))
        return
      }
      if (path === '/api/mock/tell') {
        for (const each of live) each.write(`event: event\ndata: ${JSON.stringify(told(events[0]))}\n\n`)
        return send(204)
      }
      if (path === '/api/export') {
        const format = url.searchParams.get('format')
        response.writeHead(200, {
          'content-type': 'application/octet-stream',
          'content-disposition': `attachment; filename="alongside.${format}"`,
        })
        return response.end(JSON.stringify(selected(url.searchParams).map((event) => event.id)))
      }
      for (const [method, pattern, answer] of routes) {
        const match = request.method === method && pattern.exec(path.slice(4))
        if (match) return send(200, answer(match.slice(1).map(decodeURIComponent), url.searchParams, body))
      }
      refuse(404, `there is nothing at ${path}`)
    } catch (error) {
      send(error.status ?? 500, { error: error.message })
    }
  }
}

const refuse = (status, message) => {
  throw new Refused(status, message)
}

function page(path, response) {
  const file = normalize(path).replace(/^(\.\.[/\\])+/, '')
  const asset = join(root, 'dist', file)
  const found = extname(file) && existsSync(asset) ? asset : join(root, 'dist', 'index.html')
  response.writeHead(200, {
    'content-type': TYPES[extname(found)] ?? 'application/octet-stream',
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
  })
  response.end(existsSync(found) ? readFileSync(found) : 'The page is not built: npm run build')
}

function inZone(zone, event) {
  const ring = (zone?.geometry ?? zone)?.coordinates?.[0]
  if (!ring) return false
  const { longitude_deg: x, latitude_deg: y } = event
  let inside = false
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [[ax, ay], [bx, by]] = [ring[i], ring[j]]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}

function placeAt(points, at) {
  const after = points.findIndex((point) => point[0] >= at)
  if (after < 0 || (after === 0 && points[0][0] > at)) return null
  if (points[after][0] === at) return points[after]
  const [a, b] = [points[after - 1], points[after]]
  const share = (at - a[0]) / (b[0] - a[0])
  return [at, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share]
}

function apart(a, b) {
  const parallel = Math.cos((((a[2] + b[2]) / 2) * Math.PI) / 180)
  const east = ((((b[1] - a[1] + 540) % 360) + 360) % 360) - 180
  return Math.hypot(east * parallel, b[2] - a[2]) * 111_195
}

/** They come from two sides, lie beside each other, and leave again. */
function madeUpPoints(event, index, started, ended) {
  const side = index === 0 ? -1 : 1
  const beside = ((event.distance_m_p50 ?? 0) / 2 / 111_195) * side
  const points = []
  for (let at = started - 6 * 3_600_000; at <= ended + 6 * 3_600_000; at += 180_000) {
    const away = Math.max(0, started - at, at - ended) / 3_600_000
    const speed = away > 0 ? 9 : 0.6
    points.push([
      at,
      event.longitude_deg + side * away * 0.15,
      event.latitude_deg + beside + away * 0.02,
      speed,
      side > 0 ? 270 : 90,
      away > 0 ? (side > 0 ? 270 : 90) : 40,
    ])
  }
  return points.filter((_, at) => !(index === 1 && at > 30 && at < 45))
}

const sea = (await simulatedSea()) ?? { events: madeUp(300), tracks: null }
const model = sea.events.find((event) => event.class === 'possible_transfer') ?? sea.events[0]
const bad = hostile(model)
const all = [...sea.events, bad]
const tracks = sea.tracks && {
  ...sea.tracks,
  ...Object.fromEntries(bad.vessels.map((vessel, index) => [vessel.mmsi, sea.tracks[model.vessels[index].mmsi]])),
}
for (const [port, answer] of [
  [8791, store(all, tracks, false)],
  [8792, store(madeUp(50_000), null, false)],
  [8793, store(all, tracks, true)],
]) {
  createServer(answer).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`))
}

// What the server tells, and the one way in which the page asks for it.

export interface Reason {
  rule: string
  weight: number
  text: string
}

export interface Vessel {
  mmsi: number
  imo: number | null
  name: string | null
  callsign: string | null
  flag: string | null
  type: string | null
  length_m: number | null
  beam_m: number | null
  draught_m_before: number | null
  draught_m_after: number | null
  gaps: { started_at: string; ended_at: string }[]
  identity_changes: number
  watchlists: string[]
}

export type ReviewState = 'new' | 'reviewing' | 'dismissed' | 'confirmed'
export const REVIEW_STATES: ReviewState[] = ['new', 'reviewing', 'dismissed', 'confirmed']

export interface Review {
  state: ReviewState
  note: string
  changed_at: string | null
  changed_by: string | null
}

/** One line of `replay --format ndjson`; see config/schemas/event.v1.json. */
export interface EventRecord {
  id: string
  version: number
  kind: string
  state: string
  class: string | null
  class_confidence: number | null
  class_reasons: Reason[] | null
  vessels: Vessel[]
  started_at: string
  started_at_earliest: string | null
  started_at_latest: string
  ended_at: string
  ended_at_earliest: string
  ended_at_latest: string | null
  latitude_deg: number
  longitude_deg: number
  distance_m_min: number | null
  distance_m_p50: number | null
  distance_m_p95: number | null
  contact_s: number | null
  contact_within_50_m_s: number | null
  contact_within_100_m_s: number | null
  contact_within_200_m_s: number | null
  contact_within_500_m_s: number | null
  speed_knots_p50: number | null
  hull_gap_m_p50: number | null
  hull_gap_uncertainty_m: number | null
  heading_difference_deg_p50: number | null
  body_frame_spread_m: number | null
  earth_frame_spread_m: number | null
  drift_knots: number | null
  drift_course_deg: number | null
  approach_knots: (number | null)[] | null
  parting_knots: (number | null)[] | null
  night_share: number | null
  third_vessels: number[] | null
  raft: string | null
  observed_s: number[]
  bridged_s: number[]
  silence_max_s: number[]
  coast_distance_m: number | null
  port_name: string | null
  port_distance_m: number | null
  anchorage_distance_m: number | null
  meetings_nearby: number | null
  zones: string[]
  h3_cell: string
  figures: Record<string, number>
  profiles: string[]
  score: number
  reasons: Reason[]
  explanation: string
  as_of: string
  software_version: string
  parameters_hash: string
  review?: Review
  /** The reader's own lists that hold it. */
  marks?: { zones: string[]; watchlists: string[] }
}

export interface EventPage {
  events: EventRecord[]
  next: string | null
  total: number
}

export interface MapRows {
  fields: string[]
  rows: (string | number | null)[][]
  truncated: boolean
}

export type Facets = Partial<
  Record<
    'kinds' | 'classes' | 'profiles' | 'flags' | 'types' | 'states' | 'zones' | 'watchlists',
    Record<string, number>
  >
>

export interface Run {
  run_id?: string
  started_at?: string
  software_version?: string
  parameters_hash?: string
  parameters?: unknown
  inputs?: unknown
  selection?: unknown
}

export interface EventDetail {
  event: EventRecord
  review: Review
  reviews: Review[]
  versions: { version: number; state: string; as_of: string; record: EventRecord }[]
  run: Run | null
}

export interface Antenna {
  to_bow_m: number
  to_stern_m: number
  to_port_m: number
  to_starboard_m: number
}

/** observed_at_ms, longitude_deg, latitude_deg, speed_knots, course_deg, heading_deg */
export type TrackPoint = [number, number, number, number | null, number | null, number | null]

export interface Track {
  mmsi: number
  name: string | null
  length_m: number | null
  beam_m: number | null
  antenna: Antenna | null
  points: TrackPoint[]
  bridged: [number, number][]
}

export interface Tracks {
  from: string
  until: string
  tracks: Track[]
  distance: [number, number][]
}

export interface Identity {
  imo: number | null
  name: string | null
  callsign: string | null
  flag: string | null
  type: string | null
  length_m: number | null
  beam_m: number | null
  first_heard_at: string | null
  last_heard_at: string | null
}

export interface VesselRow extends Identity {
  mmsi: number
  positions: number | null
  events: number | null
}

export interface VesselCard {
  vessel: VesselRow
  identities: Identity[]
  events: EventRecord[]
}

export interface Network {
  nodes: { mmsi: number; name: string | null; flag: string | null; type: string | null; events: number }[]
  links: { a: number; b: number; events: number; score_max: number; last_at: string; ids: string[] }[]
}

export interface Health {
  sources: {
    name: string
    state: string
    last_message_at: string | null
    rate_per_s: number | null
    usual_rate_per_s: number | null
    lag_s: number | null
  }[]
  sinks: Record<string, unknown>[]
  store: { kind: string; path?: string; events: number | null; last_change: string | null }
}

export interface WhatIf {
  appear: EventRecord[]
  vanish: EventRecord[]
  stay: number
  /** More than are sent. */
  appear_total?: number
  vanish_total?: number
  rests_on: string
}

export interface Session {
  user: string | null
  role: 'viewer' | 'analyst' | 'admin' | null
  open: boolean
  csrf: string | null
}

export interface About {
  software_version: string
  parameters_hash: string
  store: string | Record<string, unknown>
  basemap: string | Record<string, unknown>
  page: string
  /** The definitions of the configuration, whose numbers what-if changes. */
  profiles?: Profile[]
}

export interface Profile {
  name: string
  distance_m: number | null
  duration_s: number | null
  alternatives?: { distance_m: number; duration_s: number }[]
  speed_knots: number | null
  coast_distance_m: number | null
  port_distance_m: number | null
}

export interface Watchlist {
  name: string
  [more: string]: unknown
}

/** Why an answer did not come; its message is a sentence for whoever reads the page. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** Of HTTP; 0 where no answer came at all. */
    readonly status: number,
  ) {
    super(message)
  }
}

let csrf: string | null = null
let onSignedOut: () => void = () => {}

/** Calls `then` when the server says that nobody is signed in any more. */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then
}

async function ask(
  method: string,
  path: string,
  body?: string,
  type?: string,
  signal?: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (type) headers['content-type'] = type
  if (method !== 'GET' && csrf) headers['x-csrf-token'] = csrf
  let answer: Response
  try {
    answer = await fetch(`/api${path}`, { method, headers, body, signal, credentials: 'same-origin' })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError('The server does not answer. Is it still running?', 0)
  }
  if (!answer.ok) {
    let message = `The server answered ${answer.status}.`
    try {
      const said = (await answer.json()) as { error?: unknown }
      if (typeof said.error === 'string') message = said.error
    } catch {
      // Without JSON the number has to do.
    }
    if (answer.status === 401 && path !== '/login') onSignedOut()
    throw new ApiError(message, answer.status)
  }
  return answer
}

async function json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const answer = await (body === undefined
    ? ask(method, path, undefined, undefined, signal)
    : ask(method, path, JSON.stringify(body), 'application/json', signal))
  const text = await answer.text()
  return (text === '' ? null : JSON.parse(text)) as T
}

const id = encodeURIComponent
const and = (query: string, more: string) => (query ? `?${query}&${more}` : `?${more}`)
const asked = (query: string) => (query ? `?${query}` : '')

/** Enough for any screen; the first answer should be there before one has looked for it. */
export const PAGE = 50
const eventsPath = (query: string, cursor: string | null) =>
  `/events${and(query, `limit=${PAGE}${cursor ? `&cursor=${id(cursor)}` : ''}`)}`
let early: { path: string; answer: Promise<EventPage> } | null = null

export const api = {
  async session(): Promise<Session> {
    const session = await json<Session>('GET', '/session')
    csrf = session.csrf
    return session
  },
  login: (user: string, password: string) => json<unknown>('POST', '/login', { user, password }),
  logout: () => json<unknown>('POST', '/logout', {}),
  about: () => json<About>('GET', '/about'),
  events(query: string, cursor: string | null, signal?: AbortSignal): Promise<EventPage> {
    const path = eventsPath(query, cursor)
    const asked = early?.path === path ? early.answer : null
    early = null
    const ask = () => json<EventPage>('GET', path, undefined, signal)
    // What was refused before somebody logged in is asked for again.
    return asked ? asked.catch(ask) : ask()
  },
  /** Asks for the first events before there is anything to show them in. */
  askEarly(query: string): void {
    const path = eventsPath(query, null)
    early = { path, answer: json<EventPage>('GET', path) }
    early.answer.catch(() => undefined)
  },
  map: (query: string, signal?: AbortSignal) => json<MapRows>('GET', `/map${asked(query)}`, undefined, signal),
  facets: (query: string, signal?: AbortSignal) => json<Facets>('GET', `/facets${asked(query)}`, undefined, signal),
  event: (event: string, signal?: AbortSignal) => json<EventDetail>('GET', `/events/${id(event)}`, undefined, signal),
  tracks: (event: string, detail: 'full' | 'thin', signal?: AbortSignal) =>
    json<Tracks>('GET', `/events/${id(event)}/tracks?detail=${detail}`, undefined, signal),
  review: (event: string, state: ReviewState, note: string) =>
    json<Review>('PUT', `/events/${id(event)}/review`, { state, note }),
  vessels: (query: string, signal?: AbortSignal) =>
    json<{ vessels: VesselRow[]; next: string | null }>('GET', `/vessels${asked(query)}`, undefined, signal),
  vessel: (mmsi: number, signal?: AbortSignal) => json<VesselCard>('GET', `/vessels/${mmsi}`, undefined, signal),
  network: (query: string, signal?: AbortSignal) => json<Network>('GET', `/network${asked(query)}`, undefined, signal),
  health: (signal?: AbortSignal) => json<Health>('GET', '/health', undefined, signal),
  audit: (signal?: AbortSignal) =>
    json<{ audit: { at: string; user: string | null; action: string; subject: string }[] }>(
      'GET',
      '/audit',
      undefined,
      signal,
    ),
  async watchlists(signal?: AbortSignal): Promise<Watchlist[]> {
    const said = await json<unknown>('GET', '/watchlists', undefined, signal)
    const lists = Array.isArray(said) ? said : ((said as { watchlists?: unknown[] })?.watchlists ?? [])
    return lists.map((list) => (typeof list === 'string' ? { name: list } : (list as Watchlist)))
  },
  putWatchlist: (name: string, text: string) =>
    ask('PUT', `/watchlists/${id(name)}`, text, /^\s*[[{]/.test(text) ? 'application/json' : 'text/csv'),
  deleteWatchlist: (name: string) => ask('DELETE', `/watchlists/${id(name)}`),
  zones: (signal?: AbortSignal) => json<GeoJSON.FeatureCollection>('GET', '/zones', undefined, signal),
  putZone: (name: string, geojson: unknown) => json<unknown>('PUT', `/zones/${id(name)}`, geojson),
  deleteZone: (name: string) => ask('DELETE', `/zones/${id(name)}`),
  whatIf: (profiles: Record<string, Record<string, number>>) => json<WhatIf>('POST', '/what-if', { profiles }),
}

export const LAND_PATH = '/api/basemap/land.json'

/** Where a file of the events is fetched from; a link leads there, so that the browser saves it. */
export const exportPath = (format: string, query: string) => `/api/export${and(query, `format=${id(format)}`)}`
export const dossierPath = (event: string) => `/api/events/${id(event)}/dossier`

/** Fetches a file that the server may have to refuse, so that its reason is told; what is large and sure to come is a link. */
export async function saveFile(path: string, name: string): Promise<void> {
  const answer = await ask('GET', path.replace(/^\/api/, ''))
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await answer.blob())
  link.download = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

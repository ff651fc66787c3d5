// Data for the page without a recording: a simulated sea, found through by the program itself, or events made up.

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const data = join(here, '..', '.data')

/** The program: what ALONGSIDE names, or what `cargo build` left in target/. */
export function program() {
  const workspace = join(here, '..', '..', '..', '..')
  const target = process.env.CARGO_TARGET_DIR ?? join(workspace, 'target')
  return [process.env.ALONGSIDE, join(target, 'release', 'alongside'), join(target, 'debug', 'alongside')].find(
    (path) => path && existsSync(path),
  )
}

/** Events of a simulated sea and the tracks of who is in them, made once and kept in .data/. */
export async function simulatedSea() {
  const events = join(data, 'sea.ndjson')
  const tracks = join(data, 'sea-tracks.json')
  if (!existsSync(tracks)) {
    const alongside = program()
    if (!alongside) return null
    mkdirSync(data, { recursive: true })
    const sea = join(data, 'sea.nmea.gz')
    const run = (...args) =>
      execFileSync(alongside, args, { cwd: data, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 })
    run(
      'simulate',
      '--seed',
      '7',
      '--hours',
      '36',
      '--ships',
      '60',
      '--output',
      sea,
      '--truth',
      join(data, 'truth.ndjson'),
    )
    const kinds =
      'encounter,loitering,gap,dark_meeting,identity_change,identity_conflict,jump,displacement,on_land,watchlist_hit'
    writeFileSync(
      events,
      run('replay', sea, '--quiet', '--profile', 'any', '--kind', kinds, '--format', 'ndjson', '--store', 'none'),
    )
    writeFileSync(tracks, JSON.stringify(await decodedTracks(alongside, sea, vesselsOf(read(events)))))
  }
  return { events: read(events), tracks: JSON.parse(readFileSync(tracks, 'utf8')) }
}

const read = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
const vesselsOf = (events) => new Set(events.flatMap((event) => event.vessels.map((vessel) => vessel.mmsi)))

async function decodedTracks(alongside, sea, wanted) {
  const tracks = {}
  const of = (mmsi) => (tracks[mmsi] ??= { points: [], antenna: null, name: null })
  const decode = spawn(alongside, ['decode', sea], { stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const line of createInterface({ input: decode.stdout })) {
    const message = JSON.parse(line)
    if (!wanted.has(message.mmsi)) continue
    const track = of(message.mmsi)
    if (message.to_bow !== undefined)
      track.antenna = {
        to_bow_m: message.to_bow,
        to_stern_m: message.to_stern,
        to_port_m: message.to_port,
        to_starboard_m: message.to_starboard,
      }
    if (message.shipname) track.name = message.shipname
    if (![1, 2, 3, 18, 19].includes(message.type) || typeof message.lat !== 'number') continue
    const at = Date.parse(message.received_at)
    if (track.points.at(-1)?.[0] >= at) continue
    const number = (value) => (typeof value === 'number' && !(value === 511) ? value : null)
    track.points.push([
      at,
      message.lon,
      message.lat,
      number(message.speed),
      number(message.course),
      number(message.heading),
    ])
  }
  return tracks
}

/** As many events as asked for, all over the seas, the same for the same number. */
export function madeUp(number) {
  let seed = 12345
  const chance = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const pick = (list) => list[Math.floor(chance() * list.length)]
  const seas = [
    [-94, 28],
    [56, 25],
    [122, 36],
    [3, 2],
    [104, 1],
    [23, 36],
    [179.5, -10],
    [-70, 40],
    [10, 57],
    [130, -10],
  ]
  const start = Date.UTC(2024, 0, 1)
  const vessel = () => ({
    mmsi: 201000000 + Math.floor(chance() * 5e8),
    imo: 9000000 + Math.floor(chance() * 999999),
    name: `${pick(['NORTHERN', 'OCEAN', 'JADE', 'CORAL', 'DELTA', 'GRAND', 'ORIENT', 'BALTIC'])} ${pick(['STAR', 'GLORY', 'CREST', 'VENTURE', 'HORIZON', 'PEARL', 'SPIRIT'])} ${Math.floor(chance() * 99)}`,
    callsign: null,
    flag: pick(['LR', 'PA', 'MH', 'KM', 'CM', 'GA', 'GR', 'CN', 'RU', 'TG']),
    type: pick(['tanker', 'cargo', 'fishing', 'tug']),
    length_m: 60 + Math.floor(chance() * 270),
    beam_m: 12 + Math.floor(chance() * 40),
    draught_m_before: 8,
    draught_m_after: 11.2,
    gaps: [],
    identity_changes: 0,
    watchlists: [],
  })
  return Array.from({ length: number }, (_, index) => {
    const [longitude, latitude] = pick(seas)
    const [a, b] = [vessel(), vessel()]
    const began = start + Math.floor(chance() * 365 * 86_400_000)
    const lasted = 3_600_000 + Math.floor(chance() * 36_000_000)
    const time = (at) => new Date(at).toISOString()
    const score = Math.round((0.1 + 0.85 * chance() ** 1.5) * 100) / 100
    const near = Math.round(10 + chance() * 200)
    const kind = pick(['encounter', 'encounter', 'encounter', 'gap', 'loitering'])
    const pair = kind === 'encounter'
    return {
      id: `${kind}-${a.mmsi}-${index}`,
      version: 3,
      kind,
      state: 'closed',
      class: pair ? pick(['possible_transfer', 'bunkering', 'tow', 'alongside']) : null,
      class_confidence: pair ? 0.6 : null,
      class_reasons: pair ? [{ rule: 'duration', weight: 0.1, text: 'long enough' }] : null,
      vessels: pair ? [a, b] : [a],
      started_at: time(began),
      started_at_earliest: time(began - 600_000),
      started_at_latest: time(began + 300_000),
      ended_at: time(began + lasted),
      ended_at_earliest: time(began + lasted - 600_000),
      ended_at_latest: time(began + lasted + 900_000),
      latitude_deg: latitude + (chance() - 0.5) * 8,
      longitude_deg: ((longitude + (chance() - 0.5) * 12 + 540) % 360) - 180,
      distance_m_min: near / 2,
      distance_m_p50: near,
      distance_m_p95: near * 2,
      contact_s: Math.round(lasted / 1000),
      contact_within_50_m_s: 0,
      contact_within_100_m_s: 0,
      contact_within_200_m_s: 0,
      contact_within_500_m_s: Math.round(lasted / 1000),
      speed_knots_p50: 0.7,
      hull_gap_m_p50: null,
      hull_gap_uncertainty_m: null,
      heading_difference_deg_p50: null,
      body_frame_spread_m: null,
      earth_frame_spread_m: null,
      drift_knots: null,
      drift_course_deg: null,
      approach_knots: [null, null],
      parting_knots: [null, null],
      night_share: 0.5,
      third_vessels: [],
      raft: null,
      observed_s: [lasted / 1000, lasted / 1000],
      bridged_s: [0, 0],
      silence_max_s: [0, 0],
      coast_distance_m: 40_000,
      port_name: null,
      port_distance_m: null,
      anchorage_distance_m: null,
      meetings_nearby: 0,
      zones: [],
      h3_cell: '8744500a5ffffff',
      figures: {},
      profiles: pair ? ['gfw', 'sts'] : [],
      score,
      reasons: [
        { rule: 'near', weight: 0.2, text: `${near} m in the median` },
        { rule: 'offshore', weight: 0.2, text: '22 nm off the coast' },
      ],
      explanation: 'Made up for the tests of the page. This is evidence, and no proof of a transfer or of any wrong.',
      as_of: time(began + lasted),
      software_version: '0.1.0',
      parameters_hash: '0'.repeat(16),
    }
  })
}

/** An event whose ships are named so as to do harm; all of it fits through a radio but the last marks. */
export function hostile(model) {
  const event = structuredClone(model)
  event.id = `${event.id}-hostile`
  event.score = 0.99
  const names = ['<SCRIPT SRC=//X.CO>', '=HYPERLINK("//X.Y")\u202eEVIL\u0007']
  event.vessels.forEach((vessel, index) => {
    event.explanation = event.explanation.replaceAll(vessel.name ?? '\u0000', names[index])
    vessel.name = names[index]
    vessel.callsign = "';DROP"
    vessel.mmsi = 999000001 + index
  })
  event.reasons.unshift({ rule: 'hostile', weight: 0.3, text: '<img src=x onerror=document.title="owned">' })
  return event
}

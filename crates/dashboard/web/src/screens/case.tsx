// One case: all that is known of an event, and how it is known.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import {
  api,
  type Antenna,
  dossierPath,
  type EventDetail,
  type EventRecord,
  type Reason,
  type Review,
  saveFile,
  type Tracks,
  type Vessel,
} from '../api'
import { CaseMap } from '../case-map'
import { Cursor, type Range } from '../cursor'
import {
  country,
  degrees,
  distance,
  duration,
  instant,
  kindWords,
  knots,
  metres,
  percent,
  place,
  score as scoreText,
  span,
  vesselName,
  words,
} from '../format'
import {
  Bar,
  Failure,
  Facts,
  Flag,
  Kind,
  Loading,
  marksOf,
  Score,
  State,
  Title,
  Told,
  useLoad,
  VesselLink,
} from '../parts'
import { Playback } from '../playback'
import { type Line, Plot } from '../plot'
import { ReviewForm } from '../review'
import { A, eventPath, navigate, vesselPath } from '../router'
import { split } from '../series'
import { useMayReview } from '../session'
import { Timeline } from '../timeline'
import { isBridged, shipAt, valueAt } from '../tracks'

export function Case({ id }: { id: string }) {
  const detail = useLoad(id, (signal) => api.event(id, signal))
  const thin = useLoad(`${id} thin`, (signal) => api.tracks(id, 'thin', signal))
  const full = useLoad(`${id} full`, (signal) => api.tracks(id, 'full', signal))

  if (detail.error) {
    return (
      <div class="alone">
        <Title text="This event cannot be shown" />
        <Failure error={detail.error} retry={detail.reload} />
      </div>
    )
  }
  if (!detail.data) {
    return (
      <div class="alone">
        <Title text="Case" />
        <Loading what="the case" />
      </div>
    )
  }
  const tracks = full.data ?? thin.data
  return (
    <Opened
      detail={detail.data}
      tracks={tracks}
      tracksError={tracks ? null : full.error}
      onTracks={() => full.reload()}
    />
  )
}

interface OpenedProps {
  detail: EventDetail
  tracks: Tracks | null
  tracksError: Error | null
  onTracks: () => void
}

function Opened({ detail, tracks, tracksError, onTracks }: OpenedProps) {
  const { event } = detail
  const [review, setReview] = useState<Review>(detail.review)
  const [history, setHistory] = useState<Review[]>(detail.reviews ?? [])
  const mayReview = useMayReview()
  const names = event.vessels.map(vesselName).join(' and ')
  return (
    <article class="case">
      <header class="case-head">
        <div>
          <p class="crumbs">
            <A href="/">Queue</A> <span aria-hidden="true">›</span> <span class="muted">{kindWords(event.kind)}</span>
          </p>
          <Title text={names}>
            {event.vessels.map((vessel, index) => (
              <span key={vessel.mmsi}>
                {index > 0 && <span class="muted"> and </span>}
                <bdi>{vesselName(vessel)}</bdi>
              </span>
            ))}
          </Title>
          <p class="case-sub">
            <Kind event={event} />
            <Score value={event.score} />
            <time dateTime={event.started_at}>{instant(event.started_at)} UTC</time>
            <span>{duration(span(event.started_at, event.ended_at))}</span>
            <span>{place(event.latitude_deg, event.longitude_deg)}</span>
            <State state={review.state} />
            {event.state !== 'closed' && <span class="mark">{event.state}</span>}
            {marksOf(event).map((mark) => (
              <span key={mark} class="mark">
                <Told text={mark} />
              </span>
            ))}
          </p>
        </div>
        <div class="case-tools">
          <Dossier id={event.id} />
        </div>
      </header>

      <div class="case-body">
        <div class="case-main">
          <Explanation text={event.explanation} />
          {tracksError ? (
            <Failure error={tracksError} retry={onTracks} />
          ) : tracks ? (
            <Story event={event} tracks={tracks} />
          ) : (
            <Loading what="the tracks" />
          )}
          <section>
            <h2>Vessels</h2>
            <VesselTable event={event} tracks={tracks} />
          </section>
          <Company event={event} />
        </div>

        <aside class="case-side" aria-label="What it rests on">
          <section>
            <h2>Review</h2>
            {mayReview ? (
              <ReviewForm
                event={event}
                review={review}
                onReview={(kept) => {
                  setReview(kept)
                  setHistory((before) => [...before, kept])
                }}
              />
            ) : (
              <p>
                <State state={review.state} /> {review.note && <Told text={review.note} />}
              </p>
            )}
            {history.length > 0 && (
              <details>
                <summary>Changed {history.length === 1 ? 'once' : `${history.length} times`}</summary>
                <ol class="history">
                  {history.map((each, index) => (
                    <li key={index}>
                      <State state={each.state} />{' '}
                      <span class="muted">
                        {instant(each.changed_at)}
                        {each.changed_by && (
                          <>
                            {' '}
                            by <Told text={each.changed_by} />
                          </>
                        )}
                      </span>
                      {each.note && (
                        <div>
                          <Told text={each.note} />
                        </div>
                      )}
                    </li>
                  ))}
                </ol>
              </details>
            )}
          </section>
          <section>
            <h2>Why it scores {scoreText(event.score)}</h2>
            <Reasons reasons={event.reasons} />
          </section>
          {event.class && (
            <section>
              <h2>
                Why {words(event.class)} <span class="muted">({percent(event.class_confidence)} sure)</span>
              </h2>
              <Reasons reasons={event.class_reasons ?? []} />
            </section>
          )}
          <section>
            <h2>Bounds</h2>
            <Bounds event={event} />
          </section>
          <section>
            <h2>{event.kind === 'encounter' ? 'Meeting' : 'Figures'}</h2>
            <Figures event={event} />
          </section>
          <section>
            <h2>Where</h2>
            <Facts
              rows={[
                ['Position', place(event.latitude_deg, event.longitude_deg)],
                ['Coast', distance(event.coast_distance_m)],
                [
                  'Port',
                  event.port_name ? (
                    <>
                      <Told text={event.port_name} />, {distance(event.port_distance_m)}
                    </>
                  ) : (
                    '–'
                  ),
                ],
                ['Anchorage', distance(event.anchorage_distance_m)],
                ['Zones', event.zones.length ? <Told text={event.zones.join(', ')} /> : '–'],
                ['H3 cell', <code>{event.h3_cell}</code>],
              ]}
            />
          </section>
          <section>
            <h2>Provenance</h2>
            <Provenance detail={detail} />
          </section>
        </aside>
      </div>
    </article>
  )
}

function Explanation({ text }: { text: string }) {
  const { said, last } = useMemo(() => explained(text), [text])
  const [whole, setWhole] = useState(false)
  return (
    <div class={`explanation ${whole ? '' : 'folded'}`}>
      <p>
        <Told text={said} />
      </p>
      <p>
        {last && (
          <strong>
            <Told text={last} />
          </strong>
        )}{' '}
        <button type="button" class="quiet small" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? 'Show less' : 'Show all of it'}
        </button>
      </p>
    </div>
  )
}

/** The last sentence says what this is not, and always stands there. */
function explained(text: string): { said: string; last: string } {
  const at = text.lastIndexOf('This is evidence')
  return at < 0 ? { said: text, last: '' } : { said: text.slice(0, at).trim(), last: text.slice(at) }
}

function Dossier({ id }: { id: string }) {
  const [error, setError] = useState<Error | null>(null)
  const [busy, setBusy] = useState(false)
  const mayReview = useMayReview()
  const fetchIt = async () => {
    setBusy(true)
    setError(null)
    try {
      await saveFile(dossierPath(id), `${id}.dossier.zip`)
    } catch (failed) {
      setError(failed as Error)
    } finally {
      setBusy(false)
    }
  }
  if (!mayReview) return null
  return (
    <>
      <button type="button" onClick={fetchIt} disabled={busy}>
        {busy ? 'Making the dossier …' : 'Dossier (zip)'}
      </button>
      {error && <Failure error={error} />}
    </>
  )
}

function Story({ event, tracks }: { event: EventRecord; tracks: Tracks }) {
  const started = Date.parse(event.started_at)
  const ended = Date.parse(event.ended_at)
  const whole: Range = useMemo(() => {
    const found: Range = [
      Math.min(started, Date.parse(tracks.from)),
      Math.max(ended, Date.parse(tracks.until), started + 60_000),
    ]
    if (tracks.tracks.length > 0) return found
    // Of what has no tracks the silences around it are what is known.
    const gaps = event.vessels.flatMap((vessel) =>
      vessel.gaps.flatMap((gap) => [Date.parse(gap.started_at), Date.parse(gap.ended_at)]),
    )
    return [Math.min(found[0], ...gaps) - 3_600_000, Math.max(found[1], ...gaps) + 3_600_000]
  }, [event, tracks])
  const around: Range = useMemo(() => {
    const margin = Math.max(30 * 60_000, (ended - started) / 4)
    return [Math.max(whole[0], started - margin), Math.min(whole[1], ended + margin)]
  }, [started, ended, whole[0], whole[1]])
  const [zoomed, setZoomed] = useState<Range | null>(null)
  const range = zoomed ?? around
  const cursor = useRef<Cursor | null>(null)
  const rested = useRef(0)
  if (!cursor.current) {
    cursor.current = new Cursor(linkedInstant(whole) ?? (started + ended) / 2)
    rested.current = cursor.current.at_ms
  }
  // Once it rests somewhere else, the address leads there.
  useEffect(() => {
    let timer = 0
    let first = true
    const unfollow = cursor.current!.follow((at_ms) => {
      clearTimeout(timer)
      if (!first && at_ms !== rested.current) timer = setTimeout(() => rest(at_ms), 700) as unknown as number
      first = false
    })
    const rest = (at_ms: number) => {
      rested.current = at_ms
      navigate(`${location.pathname}?at=${new Date(at_ms).toISOString().slice(0, 19)}Z`, 'replace')
    }
    return () => {
      unfollow()
      clearTimeout(timer)
    }
  }, [])

  const { distances, speeds } = useMemo(() => {
    const anyBridged = (at_ms: number) => tracks.tracks.some((track) => isBridged(track.bridged, at_ms))
    const apart = split(tracks.distance, anyBridged)
    const distances: Line[] = [
      { name: 'Distance', series: apart.heard, colour: 'ink', dashed: false },
      { name: 'Distance, bridged', series: apart.bridged, colour: 'ink', dashed: true },
    ].filter((line) => line.series.length > 0) as Line[]
    const speeds = tracks.tracks.flatMap((track, index): Line[] => {
      const told = split(
        track.points.map((point) => [point[0], point[3]]),
        (at_ms) => isBridged(track.bridged, at_ms),
      )
      const colour = index === 0 ? 'vessel-a' : 'vessel-b'
      return [
        { name: `Speed of ${vesselName(track)}`, series: told.heard, colour, dashed: false },
        { name: `Speed of ${vesselName(track)}, bridged`, series: told.bridged, colour, dashed: true },
      ].filter((line) => line.series.length > 0) as Line[]
    })
    return { distances, speeds }
  }, [tracks])

  // Ships that met are near each other, and the miles before and after would flatten that; others are not.
  const nearest = useMemo(
    () =>
      Math.min(Infinity, ...tracks.distance.filter(([at]) => at >= started && at <= ended).map(([, apart]) => apart)),
    [tracks],
  )
  const cut = nearest < CUT_M * 0.8 ? CUT_M : undefined
  const meeting: Range = [started, ended]
  const shared = { range, meeting, cursor: cursor.current, onRange: setZoomed }
  return (
    <section class="story" aria-label="Tracks in time">
      <CaseMap event={event} tracks={tracks} range={range} cursor={cursor.current} />
      {tracks.tracks.length === 0 && (
        <p class="note">
          No track is kept of this event; the map shows its place
          {event.figures.longitude_deg_after !== undefined && ', and dotted the way to where it was heard again'}.
        </p>
      )}
      {tracks.tracks.length > 0 && <Playback range={range} cursor={cursor.current} />}
      {tracks.tracks.length > 0 && <Readout tracks={tracks} cursor={cursor.current} />}
      <div class="plots">
        {distances.length > 0 && (
          <figure>
            <figcaption>
              Distance between the antennas{' '}
              <span class="muted">{cut ? `cut off above ${cut} m; ` : ''}dashed where bridged</span>
            </figcaption>
            <Plot
              {...shared}
              label={`Distance between the antennas over time: ${metres(event.distance_m_min)} at the nearest, ${metres(event.distance_m_p50)} in the median, ${metres(event.distance_m_p95)} at the 95th percentile.`}
              unit="m"
              lines={distances}
              cut={cut}
              height={150}
            />
          </figure>
        )}
        {speeds.length > 0 && (
          <figure>
            <figcaption>Speed over ground</figcaption>
            <Plot
              {...shared}
              label={`Speed over ground of each vessel over time; ${knots(event.speed_knots_p50)} in the median of the meeting.`}
              unit="kn"
              lines={speeds}
              height={130}
            />
          </figure>
        )}
        <figure>
          <figcaption>
            What is known when{' '}
            <span class="muted">
              <i class="key key-bounds" /> bounds <i class="key key-bridged" /> bridged <i class="key key-dark" /> dark
            </span>
          </figcaption>
          <Timeline event={event} tracks={tracks} range={range} cursor={cursor.current} />
        </figure>
        {tracks.tracks.length > 0 && (
          <div class="buttons">
            <button type="button" aria-pressed={zoomed === null} onClick={() => setZoomed(null)}>
              Around the {event.kind === 'encounter' ? 'meeting' : 'event'}
            </button>
            <button type="button" onClick={() => setZoomed(whole)}>
              All that was heard
            </button>
            <span class="muted">Drag over a plot to look closer.</span>
          </div>
        )}
      </div>
    </section>
  )
}

const CUT_M = 1000

function linkedInstant([from, until]: Range): number | null {
  const at_ms = Date.parse(new URLSearchParams(location.search).get('at') ?? '')
  return at_ms >= from && at_ms <= until ? at_ms : null
}

/** What the crosshair stands on, in numbers. */
function Readout({ tracks, cursor }: { tracks: Tracks; cursor: Cursor }) {
  const [at_ms, setAt] = useState(cursor.at_ms)
  useEffect(() => {
    let frame = 0
    const unfollow = cursor.follow((now) => {
      cancelAnimationFrame(frame)
      frame = requestAnimationFrame(() => setAt(now))
    })
    return () => {
      unfollow()
      cancelAnimationFrame(frame)
    }
  }, [cursor])
  const apart = valueAt(tracks.distance, at_ms)
  return (
    <div class="readout">
      {tracks.distance.length > 0 && (
        <span>
          <span class="muted">apart</span> <b>{distance(apart)}</b>
        </span>
      )}
      {tracks.tracks.map((track, index) => {
        const ship = shipAt(track, at_ms)
        return (
          <span key={track.mmsi}>
            <span class={`swatch swatch-${index === 0 ? 'a' : 'b'}`} aria-hidden="true" />{' '}
            <b>{ship ? knots(ship.speed_knots) : 'not heard'}</b>
            {ship && (
              <span class="muted">
                {' '}
                course {degrees(ship.course_deg)}, bow {degrees(ship.bow_deg)}
                {ship.bridged ? ', bridged' : ''}
              </span>
            )}
          </span>
        )
      })}
    </div>
  )
}

function Reasons({ reasons }: { reasons: Reason[] }) {
  const most = Math.max(0.01, ...reasons.map((reason) => Math.abs(reason.weight)))
  if (reasons.length === 0) return <p class="muted">None.</p>
  return (
    <ul class="reasons">
      {reasons.map((reason) => (
        <li key={reason.rule}>
          <span class="reason-weight">
            {reason.weight < 0 ? '−' : '+'}
            {Math.abs(reason.weight).toFixed(2)}
          </span>
          <span class="reason-text">
            <span class="reason-rule">{words(reason.rule)}</span> <Told text={reason.text} />
            <Bar share={Math.abs(reason.weight) / most} tone={reason.weight < 0 ? 'against' : 'for'} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function Bounds({ event }: { event: EventRecord }) {
  return (
    <table class="plain">
      <thead>
        <tr>
          <td />
          <th scope="col">Earliest</th>
          <th scope="col">Computed</th>
          <th scope="col">Latest</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">Start</th>
          <td>{event.started_at_earliest ? <Stamp at={event.started_at_earliest} /> : 'not heard before'}</td>
          <td>
            <Stamp at={event.started_at} />
          </td>
          <td>
            <Stamp at={event.started_at_latest} />
          </td>
        </tr>
        <tr>
          <th scope="row">End</th>
          <td>
            <Stamp at={event.ended_at_earliest} />
          </td>
          <td>
            <Stamp at={event.ended_at} />
          </td>
          <td>{event.ended_at_latest ? <Stamp at={event.ended_at_latest} /> : 'not heard since'}</td>
        </tr>
      </tbody>
    </table>
  )
}

function Stamp({ at }: { at: string }) {
  const [day, time] = instant(at, true).split(' ')
  return (
    <time dateTime={at}>
      {time} <span class="muted">{day}</span>
    </time>
  )
}

function Figures({ event }: { event: EventRecord }) {
  const rows: [string, preact.ComponentChildren][] = []
  if (event.kind === 'encounter') {
    rows.push(
      [
        'Distance',
        `${metres(event.distance_m_min)} at the nearest, ${metres(event.distance_m_p50)} in the median, ${metres(event.distance_m_p95)} at 95 %`,
      ],
      [
        'Hull to hull',
        event.hull_gap_m_p50 === null
          ? '–'
          : `${metres(event.hull_gap_m_p50)} ± ${metres(event.hull_gap_uncertainty_m)}`,
      ],
      ['In contact', duration(event.contact_s)],
      ['within 50 m', duration(event.contact_within_50_m_s)],
      ['within 100 m', duration(event.contact_within_100_m_s)],
      ['within 200 m', duration(event.contact_within_200_m_s)],
      ['Speed', `${knots(event.speed_knots_p50)} in the median`],
      [
        'Drift',
        event.drift_knots === null ? '–' : `${knots(event.drift_knots)} towards ${degrees(event.drift_course_deg)}`,
      ],
      ['Between the bows', degrees(event.heading_difference_deg_p50)],
      [
        'Place kept',
        `${metres(event.body_frame_spread_m)} beside the other, ${metres(event.earth_frame_spread_m)} over ground`,
      ],
      ['By night', percent(event.night_share)],
      ['Meetings nearby', event.meetings_nearby ?? '–'],
    )
  }
  for (const [name, value] of Object.entries(event.figures)) rows.push(figure(name, value))
  rows.push(['Profiles', event.profiles.length ? <Told text={event.profiles.join(', ')} /> : 'none'])
  return <Facts rows={rows} />
}

function figure(name: string, value: number): [string, string] {
  const found: [RegExp, (value: number) => string][] = [
    [/^(latitude|longitude)_deg/, (value) => `${value.toFixed(3)}°`],
    [/_m(_|$)/, distance],
    [/_s(_|$)/, duration],
    [/_knots(_|$)/, knots],
    [/_deg(_|$)/, degrees],
    [/(probability|share)(_|$)/, percent],
  ]
  for (const [unit, tell] of found) {
    // The unit stands behind the number, and so no more in the name.
    if (unit.test(name)) return [words(name.replace(/_(m|s|knots|deg)(?=_|$)/, '')), tell(value)]
  }
  return [words(name), String(Math.round(value * 100) / 100)]
}

function VesselTable({ event, tracks }: { event: EventRecord; tracks: Tracks | null }) {
  const antenna = (vessel: Vessel): Antenna | null =>
    tracks?.tracks.find((track) => track.mmsi === vessel.mmsi)?.antenna ?? null
  const of = <T,>(list: T[] | null | undefined, index: number): T | null => list?.[index] ?? null
  const rows: [string, (vessel: Vessel, index: number) => preact.ComponentChildren][] = [
    ['MMSI', (vessel) => <A href={vesselPath(vessel.mmsi)}>{vessel.mmsi}</A>],
    ['IMO', (vessel) => vessel.imo ?? '–'],
    ['Callsign', (vessel) => (vessel.callsign ? <Told text={vessel.callsign} /> : '–')],
    [
      'Flag',
      (vessel) =>
        vessel.flag ? (
          <>
            <Flag flag={vessel.flag} /> {country(vessel.flag)}
          </>
        ) : (
          '–'
        ),
    ],
    ['Type', (vessel) => words(vessel.type)],
    ['Length × beam', (vessel) => (vessel.length_m ? `${vessel.length_m} × ${vessel.beam_m ?? '–'} m` : '–')],
    [
      'Antenna',
      (vessel) => {
        const at = antenna(vessel)
        return at ? `${at.to_bow_m} m from the bow, ${at.to_port_m} m from port` : '–'
      },
    ],
    ['Draught', (vessel) => <Draught vessel={vessel} />],
    ['Heard', (_, index) => coverage(of(event.observed_s, index), of(event.bridged_s, index))],
    ['Longest silence', (_, index) => duration(of(event.silence_max_s, index))],
    [
      'Silent within a day',
      (vessel) =>
        vessel.gaps.length === 0 ? (
          'no'
        ) : (
          <ul class="bare">
            {vessel.gaps.map((gap) => (
              <li key={gap.started_at}>
                {instant(gap.started_at)} for {duration(span(gap.started_at, gap.ended_at))}
              </li>
            ))}
          </ul>
        ),
    ],
    ['In the hour before', (_, index) => knots(of(event.approach_knots, index))],
    ['In the hour after', (_, index) => knots(of(event.parting_knots, index))],
    ['Changes of identity', (vessel) => vessel.identity_changes],
    ['Watchlists', (vessel) => (vessel.watchlists.length ? <Told text={vessel.watchlists.join(', ')} /> : '–')],
  ]
  const kept = event.kind === 'encounter' ? rows : rows.filter(([name]) => !/hour/.test(name))
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="The vessels side by side">
      <table class="compare">
        <thead>
          <tr>
            <td />
            {event.vessels.map((vessel, index) => (
              <th key={vessel.mmsi} scope="col">
                <span class={`swatch swatch-${index === 0 ? 'a' : 'b'}`} aria-hidden="true" />{' '}
                <VesselLink vessel={vessel} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {kept.map(([name, tell]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {event.vessels.map((vessel, index) => (
                <td key={vessel.mmsi}>{tell(vessel, index)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Draught({ vessel }: { vessel: Vessel }) {
  const { draught_m_before: before, draught_m_after: after } = vessel
  if (before === null && after === null) return <>–</>
  const change = before !== null && after !== null ? after - before : null
  return (
    <>
      {metres(before, 1)} <span class="muted">before</span> → {metres(after, 1)} <span class="muted">after</span>
      {change !== null && Math.abs(change) >= 0.1 && (
        <b class="change">
          {' '}
          {change > 0 ? '+' : '−'}
          {Math.abs(change).toFixed(1)} m
        </b>
      )}
    </>
  )
}

function coverage(observed_s: number | null, bridged_s: number | null) {
  const all = (observed_s ?? 0) + (bridged_s ?? 0)
  if (observed_s === null || all === 0) return '–'
  return (
    <>
      {duration(observed_s)} heard, {duration(bridged_s)} bridged <Bar share={observed_s / all} />
    </>
  )
}

function Company({ event }: { event: EventRecord }) {
  const others = event.third_vessels ?? []
  const raft = event.raft && event.raft !== event.id ? event.raft : null
  if (others.length === 0 && !event.raft) return null
  return (
    <section>
      <h2>Others that were with them</h2>
      {others.length > 0 ? (
        <ul class="chips">
          {others.map((mmsi) => (
            <li key={mmsi}>
              <A href={vesselPath(mmsi)}>MMSI {mmsi}</A>
            </li>
          ))}
        </ul>
      ) : (
        <p class="muted">None.</p>
      )}
      {event.raft && (
        <p>
          It hangs together with other encounters
          {raft ? (
            <>
              , of which the first is <A href={eventPath(raft)}>{raft}</A>
            </>
          ) : (
            ', of which this is the first'
          )}
          .
        </p>
      )}
    </section>
  )
}

function Provenance({ detail }: { detail: EventDetail }) {
  const { event, run, versions } = detail
  return (
    <>
      <Facts
        rows={[
          ['Event', <code class="breakable">{event.id}</code>],
          ['Version', `${event.version}, ${event.state}`],
          ['Known as of', `${instant(event.as_of, true)} UTC`],
          ['Software', event.software_version],
          ['Parameters', <code>{event.parameters_hash}</code>],
          ...(run?.run_id
            ? ([
                ['Run', <code class="breakable">{run.run_id}</code>],
                ['Run started', `${instant(run.started_at, true)} UTC`],
              ] as [string, preact.ComponentChildren][])
            : []),
        ]}
      />
      {versions.length > 0 && (
        <details>
          <summary>{versions.length === 1 ? 'One version' : `${versions.length} versions`}</summary>
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">No.</th>
                <th scope="col">State</th>
                <th scope="col">As of</th>
                <th scope="col">Until</th>
                <th scope="col">Score</th>
              </tr>
            </thead>
            <tbody>
              {versions.map((version) => (
                <tr key={version.version}>
                  <td>{version.version}</td>
                  <td>{version.state}</td>
                  <td>{instant(version.as_of)}</td>
                  <td>{instant(version.record?.ended_at)}</td>
                  <td>{version.record ? scoreText(version.record.score) : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
      {run?.inputs ? <Raw name="Inputs" value={run.inputs} /> : null}
      {run?.selection ? <Raw name="Selection" value={run.selection} /> : null}
      {run?.parameters ? <Raw name="Parameters in full" value={run.parameters} /> : null}
      <Raw name="The record as JSON" value={event} />
    </>
  )
}

function Raw({ name, value }: { name: string; value: unknown }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return (
    <details>
      <summary>{name}</summary>
      <pre tabIndex={0}>
        {text.split('\n').map((line, index) => (
          <div key={index}>
            <Told text={line} />
          </div>
        ))}
      </pre>
    </details>
  )
}

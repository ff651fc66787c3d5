// What is known when: the meeting with its bounds, and for each vessel what was heard, bridged and dark.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { EventRecord, Tracks } from './api'
import type { Cursor, Range } from './cursor'
import { duration, instant, span } from './format'
import { GUTTER } from './plot'
import { heardSpans } from './series'
import { useTheme } from './theme'

const RIGHT = 12
const ROW = 22

interface Props {
  event: EventRecord
  tracks: Tracks
  range: Range
  cursor: Cursor
}

export function Timeline({ event, tracks, range, cursor }: Props) {
  const container = useRef<HTMLDivElement>(null)
  const line = useRef<SVGLineElement>(null)
  const [width, setWidth] = useState(600)
  useTheme()

  useEffect(() => {
    const element = container.current
    if (!element) return
    const resize = new ResizeObserver(() => setWidth(Math.max(200, element.clientWidth)))
    resize.observe(element)
    return () => resize.disconnect()
  }, [])

  const inner = width - GUTTER - RIGHT
  const x = (at_ms: number) => GUTTER + ((at_ms - range[0]) / (range[1] - range[0])) * inner
  const clipped = (from: number, until: number): [number, number] | null => {
    const left = Math.max(GUTTER, x(from))
    const right = Math.min(width - RIGHT, x(until))
    return right > left ? [left, Math.max(1, right - left)] : null
  }
  const bar = (key: string, kind: string, from: number, until: number, row: number, thin = 0) => {
    const found = clipped(from, until)
    return (
      found && (
        <rect
          key={key}
          class={`time-${kind}`}
          x={found[0]}
          width={found[1]}
          y={row * ROW + 5 + thin}
          height={12 - 2 * thin}
          rx="1.5"
        />
      )
    )
  }

  useEffect(
    () =>
      cursor.follow((at_ms) => {
        const at = x(at_ms)
        line.current?.setAttribute('x1', String(at))
        line.current?.setAttribute('x2', String(at))
        line.current?.setAttribute('visibility', at < GUTTER || at > width - RIGHT ? 'hidden' : 'visible')
      }),
    [width, range[0], range[1]],
  )

  const at = Date.parse
  const height = (1 + event.vessels.length) * ROW
  const point = (move: PointerEvent) => {
    const left = move.clientX - (container.current?.getBoundingClientRect().left ?? 0)
    cursor.set(range[0] + ((left - GUTTER) / inner) * (range[1] - range[0]))
  }
  return (
    <div ref={container} class="timeline">
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`Timeline. Together from ${instant(event.started_at)} to ${instant(event.ended_at)} UTC, ${duration(span(event.started_at, event.ended_at))}. What was heard and what is bridged is in the table of the vessels.`}
        onPointerMove={point}
        onPointerDown={point}
      >
        <text class="time-label" x="4" y={15}>
          {event.kind === 'encounter' ? 'Meeting' : 'Event'}
        </text>
        {bar(
          'bounds',
          'bounds',
          event.started_at_earliest ? at(event.started_at_earliest) : range[0],
          event.ended_at_latest ? at(event.ended_at_latest) : range[1],
          0,
          3,
        )}
        {bar('meeting', 'meeting', at(event.started_at), at(event.ended_at), 0)}
        {event.vessels.map((vessel, index) => {
          const row = index + 1
          const track = tracks.tracks.find((each) => each.mmsi === vessel.mmsi)
          const first = track?.points[0]?.[0]
          const last = track?.points[track.points.length - 1]?.[0]
          return (
            <g key={vessel.mmsi}>
              <text class="time-label" x="4" y={row * ROW + 15}>
                {'AB'[index] ?? index + 1}
              </text>
              {track && first !== undefined && last !== undefined && (
                <>
                  {track.bridged.map(([from, until]) => bar(`bridged-${from}`, 'bridged', from, until, row, 4))}
                  {heardSpans(first, last, track.bridged).map(([from, until]) =>
                    bar(`heard-${from}`, `heard-${index === 0 ? 'a' : 'b'}`, from, until, row),
                  )}
                </>
              )}
              {vessel.gaps.map((gap) =>
                bar(`gap-${gap.started_at}`, 'dark', at(gap.started_at), at(gap.ended_at), row),
              )}
            </g>
          )
        })}
        <line ref={line} class="time-cursor" x1="-1" x2="-1" y1="0" y2={height} />
      </svg>
    </div>
  )
}

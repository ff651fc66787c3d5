import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Cursor, Range } from './cursor'
import type { Series } from './series'
import { colour, useTheme } from './theme'

/** Room at the left of every plot and of the timeline, so that one crosshair runs through all of them. */
export const GUTTER = 58
const RIGHT = 12

export interface Line {
  name: string
  series: Series
  /** The name of a colour of the style sheet. */
  colour: string
  dashed: boolean
}

interface Props {
  label: string
  unit: string
  lines: Line[]
  range: Range
  /** Shaded: the time of the meeting. */
  meeting: Range
  /** Values above are cut, so that what matters is not flattened by what does not. */
  cut?: number
  height: number
  cursor: Cursor
  onRange: (range: Range | null) => void
}

export function Plot({ label, unit, lines, range, meeting, cut, height, cursor, onRange }: Props) {
  const container = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const theme = useTheme()

  useEffect(() => {
    const element = container.current
    if (!element) return
    const tables = lines.map(
      (line) =>
        [line.series.map((point) => point[0] / 1000), line.series.map((point) => point[1])] as uPlot.AlignedData,
    )
    // 2: a null stands for all until the next value, though the other lines have values in between.
    const data = tables.length
      ? uPlot.join(
          tables,
          tables.map(() => [2, 2]),
        )
      : ([[]] as unknown as uPlot.AlignedData)
    const axis: uPlot.Axis = {
      stroke: colour('muted'),
      grid: { stroke: colour('grid'), width: 1 },
      ticks: { stroke: colour('grid'), width: 1, size: 4 },
      font: '11px system-ui, sans-serif',
    }
    const made = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height,
        padding: [8, RIGHT, 0, 0],
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), 'Etc/UTC'),
        legend: { show: false },
        cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 }, y: false },
        scales: {
          x: { time: true, range: (_, min, max) => [min, max] },
          y: { range: (_, __, max) => [0, Math.min(cut ?? Infinity, Math.max(max ?? 1, cut ? cut / 10 : 1) * 1.05)] },
        },
        axes: [
          { ...axis, values: '{HH}:{mm}', space: 64, size: 34, ...timeAxis() },
          { ...axis, size: GUTTER, space: 28, values: (_, ticks) => ticks.map((tick) => `${tick} ${unit}`) },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.name,
            stroke: colour(line.colour),
            width: line.dashed ? 1.25 : 1.75,
            dash: line.dashed ? [4, 4] : [],
            points: { show: false },
          })),
        ],
        hooks: {
          drawClear: [
            (u) => {
              const left = Math.max(u.bbox.left, u.valToPos(meeting[0] / 1000, 'x', true))
              const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos(meeting[1] / 1000, 'x', true))
              if (right <= left) return
              u.ctx.save()
              u.ctx.fillStyle = colour('meeting')
              u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height)
              u.ctx.restore()
            },
          ],
          setSelect: [
            (u) => {
              if (u.select.width < 4) return
              const from = u.posToVal(u.select.left, 'x') * 1000
              const until = u.posToVal(u.select.left + u.select.width, 'x') * 1000
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
              onRange([from, until])
            },
          ],
        },
      },
      data,
      element,
    )
    plot.current = made
    made.setScale('x', { min: range[0] / 1000, max: range[1] / 1000 })

    const point = (move: MouseEvent) => cursor.set(made.posToVal(move.offsetX, 'x') * 1000)
    const whole = () => onRange(null)
    made.over.addEventListener('mousemove', point)
    made.over.addEventListener('click', point)
    made.over.addEventListener('dblclick', whole)
    const unfollow = cursor.follow((at_ms) => {
      const left = made.valToPos(at_ms / 1000, 'x')
      made.setCursor({ left: left < 0 || left > made.over.clientWidth ? -10 : left, top: 1 }, false)
    })
    const resize = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height })
      cursor.set(cursor.at_ms)
    })
    resize.observe(element)
    return () => {
      resize.disconnect()
      unfollow()
      made.destroy()
      plot.current = null
    }
  }, [lines, theme, height, meeting[0], meeting[1]])

  useEffect(() => {
    plot.current?.setScale('x', { min: range[0] / 1000, max: range[1] / 1000 })
    cursor.set(cursor.at_ms)
  }, [range[0], range[1], lines])

  return <div ref={container} class="plot" role="img" aria-label={label} />
}

// Hours and minutes on every tick, the day below where it changes.
function timeAxis(): Pick<uPlot.Axis, 'values' | 'size'> {
  return {
    size: 36,
    values: (_, ticks) => {
      let day = ''
      return ticks.map((tick) => {
        const iso = new Date(tick * 1000).toISOString()
        const today = iso.slice(0, 10)
        const shown = today === day ? iso.slice(11, 16) : `${iso.slice(11, 16)}\n${today}`
        day = today
        return shown
      })
    },
  }
}

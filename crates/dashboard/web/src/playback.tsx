import { useEffect, useRef, useState } from 'preact/hooks'
import type { Cursor, Range } from './cursor'
import { instant } from './format'
import { isWriting, useKeys } from './parts'

const FACTORS = [1, 10, 60, 300, 600, 1800, 3600]
const START = 300

/** Runs the shared instant through the range, from 1 to 3600 times as fast as it was. */
export function Playback({ range, cursor }: { range: Range; cursor: Cursor }) {
  const [playing, setPlaying] = useState(false)
  const [factor, setFactor] = useState(START)
  const slider = useRef<HTMLInputElement>(null)
  const shown = useRef<HTMLOutputElement>(null)

  useEffect(
    () =>
      cursor.follow((at_ms) => {
        const text = `${instant(at_ms, true)} UTC`
        if (shown.current) shown.current.textContent = text
        if (!slider.current) return
        slider.current.value = String(Math.round(at_ms / 1000))
        slider.current.setAttribute('aria-valuetext', text)
      }),
    [range[0], range[1]],
  )

  useEffect(() => {
    if (!playing) return
    let before = performance.now()
    let frame = requestAnimationFrame(function step(now) {
      const at_ms = Math.max(cursor.at_ms, range[0]) + (now - before) * factor
      before = now
      if (at_ms >= range[1]) {
        cursor.set(range[1])
        setPlaying(false)
        return
      }
      cursor.set(at_ms)
      frame = requestAnimationFrame(step)
    })
    return () => cancelAnimationFrame(frame)
  }, [playing, factor, range[0], range[1]])

  const toggle = () => {
    if (!playing && cursor.at_ms >= range[1] - 1000) cursor.set(range[0])
    setPlaying(!playing)
  }
  useKeys((key) => {
    if (
      key.key !== ' ' ||
      isWriting(key.target) ||
      (key.target instanceof HTMLElement && key.target.closest('button, a, summary, dialog'))
    )
      return
    key.preventDefault()
    toggle()
  })

  return (
    <div class="playback" role="group" aria-label="Playback">
      <button type="button" class="main play" onClick={toggle}>
        <span aria-hidden="true">{playing ? '❚❚' : '▶'}</span> {playing ? 'Pause' : 'Play'}
      </button>
      <label class="inline">
        <span class="hidden">Times as fast as it was</span>
        <select value={factor} onChange={(change) => setFactor(Number(change.currentTarget.value))}>
          {FACTORS.map((each) => (
            <option key={each} value={each}>
              {each}×
            </option>
          ))}
        </select>
      </label>
      <input
        ref={slider}
        type="range"
        aria-label="Instant"
        min={Math.floor(range[0] / 1000)}
        max={Math.ceil(range[1] / 1000)}
        step={Math.max(1, Math.round((range[1] - range[0]) / 1000 / 500))}
        onInput={(input) => cursor.set(Number(input.currentTarget.value) * 1000)}
      />
      <output ref={shown} class="instant" aria-live="off" />
    </div>
  )
}

// Small pieces that every screen uses.

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, type EventRecord, type Reason, type ReviewState, type Vessel } from './api'
import { country, kindWords, score as scoreText, vesselName, visible, words } from './format'
import { A, vesselPath } from './router'

/** Text that somebody else wrote: shown as text, kept from turning the line around it, with nothing hidden in it. */
export const Told = ({ text }: { text: string }) => <bdi>{visible(text)}</bdi>

export const VesselName = ({ vessel }: { vessel: { name: string | null; mmsi: number } }) => (
  <bdi>{vesselName(vessel)}</bdi>
)

export function Flag({ flag }: { flag: string | null }) {
  if (!flag) return null
  return (
    <abbr class="flag" title={country(flag)}>
      {visible(flag)}
    </abbr>
  )
}

export const VesselLink = ({ vessel }: { vessel: Pick<Vessel, 'mmsi' | 'name'> }) => (
  <A href={vesselPath(vessel.mmsi)}>
    <VesselName vessel={vessel} />
  </A>
)

export function Score({ value }: { value: number }) {
  return (
    <span class="score">
      <span class="score-number">{scoreText(value)}</span>
      <Bar share={value} />
    </span>
  )
}

/** A bar beside a number that says the same, and so nothing for a screen reader. */
export function Bar({ share, tone = 'for' }: { share: number; tone?: 'for' | 'against' }) {
  return (
    <svg class={`bar bar-${tone}`} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-rest" x="0" y="0" width="100" height="6" />
      <rect class="bar-value" x="0" y="0" width={Math.max(0, Math.min(1, share)) * 100} height="6" />
    </svg>
  )
}

export function Kind({ event }: { event: Pick<EventRecord, 'kind' | 'class'> }) {
  return (
    <span class="kind">{event.kind === 'encounter' && event.class ? words(event.class) : kindWords(event.kind)}</span>
  )
}

export const State = ({ state }: { state: ReviewState }) => <span class={`state state-${state}`}>{state}</span>

/** Watchlists and zones of the reader that hold it, and watchlists that it was found with. */
export function marksOf(event: EventRecord): string[] {
  return [
    ...new Set([
      ...event.vessels.flatMap((vessel) => vessel.watchlists),
      ...(event.marks?.watchlists ?? []),
      ...(event.marks?.zones ?? []),
    ]),
  ]
}

/** What speaks for the score, the strongest first. */
export function strongest(reasons: Reason[], count: number): Reason[] {
  return [...reasons]
    .filter((reason) => Math.abs(reason.weight) >= 0.01)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, count)
}

export function Loading({ what }: { what: string }) {
  return (
    <p class="loading" role="status">
      Loading {what} …
    </p>
  )
}

export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <div class="failure" role="alert">
      <p>
        <Told text={error.message} />
      </p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}

export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>

export interface Loaded<T> {
  data: T | null
  error: ApiError | Error | null
  loading: boolean
  reload: () => void
}

/** What was there before stays until the next answer is here, so that nothing jumps. Begins once it is `wanted`. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>, wanted = true): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: Error | null; loading: boolean }>({
    data: null,
    error: null,
    loading: true,
  })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (!wanted) return
    const abort = new AbortController()
    setState((before) => (before.loading ? before : { ...before, loading: true }))
    load(abort.signal).then(
      (data) => !abort.signal.aborted && setState({ data, error: null, loading: false }),
      (error: Error) => !abort.signal.aborted && setState({ data: null, error, loading: false }),
    )
    return () => abort.abort()
  }, [key, turn, wanted])
  return { ...state, reload: () => setTurn((before) => before + 1) }
}

/** The heading of a screen, which takes the focus when the screen opens, and names the window. */
export function Title({ children, text }: { children?: ComponentChildren; text: string }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${text} · Alongside`
  }, [text])
  useEffect(() => {
    // Not when the page itself has just been opened: a browser begins at the top by itself.
    if (moved) heading.current?.focus({ preventScroll: true })
    moved = true
  }, [])
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children ?? text}
    </h1>
  )
}
let moved = false

const spoken = new Set<(text: string) => void>()

/** Says a thing that happened: to be seen for some seconds, and to be heard by who listens. */
export const announce = (text: string) => spoken.forEach((listener) => listener(text))

export function Announcements() {
  const [text, setText] = useState('')
  useEffect(() => {
    let timer = 0
    const listener = (said: string) => {
      setText(said)
      clearTimeout(timer)
      timer = setTimeout(() => setText(''), 5000) as unknown as number
    }
    spoken.add(listener)
    return () => {
      spoken.delete(listener)
      clearTimeout(timer)
    }
  }, [])
  return (
    <div class={`announcement ${text ? 'shown' : ''}`} role="status" aria-live="polite">
      {text && <Told text={text} />}
    </div>
  )
}

export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {rows.map(([term, said]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{said}</dd>
        </div>
      ))}
    </dl>
  )
}

/** The keys of a screen do not take letters from somebody who writes. */
export const isWriting = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Calls the newest of what it was given, even for a key that comes before the page has been drawn anew. */
export function useKeys(onKey: (key: KeyboardEvent) => void): void {
  const newest = useRef(onKey)
  newest.current = onKey
  useEffect(() => {
    const listener = (key: KeyboardEvent) => newest.current(key)
    addEventListener('keydown', listener)
    return () => removeEventListener('keydown', listener)
  }, [])
}

type FieldProps = Omit<JSX.IntrinsicElements['input'], 'value' | 'onInput' | 'onChange'> & {
  value: string
  onCommit: (value: string) => void
}

/** An input that takes effect when it is left or Enter is pressed; until then nothing that is drawn anew takes away what is written. */
export function Field({ value, onCommit, ...rest }: FieldProps) {
  const [draft, setDraft] = useState(value)
  useEffect(() => setDraft(value), [value])
  return (
    <input
      {...(rest as object)}
      value={draft}
      onInput={(input) => setDraft(input.currentTarget.value)}
      onChange={(change) => onCommit(change.currentTarget.value)}
    />
  )
}

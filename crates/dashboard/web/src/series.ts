// What the plots draw: a line that is whole where it was heard and dashed where it is bridged.

export type Series = [at_ms: number, value: number | null][]

/**
 * Cuts a line in two, which together are the line again: the stretches for which `bridged` says so of their middle, and
 * the others. Each is broken by a null where the other has the line.
 */
export function split(
  points: [number, number | null][],
  bridged: (at_ms: number) => boolean,
): { heard: Series; bridged: Series } {
  const parts: { heard: Series; bridged: Series } = { heard: [], bridged: [] }
  for (let index = 1; index < points.length; index += 1) {
    const from = points[index - 1]!
    const until = points[index]!
    if (until[0] <= from[0] || from[1] === null || until[1] === null) continue
    const part = bridged((from[0] + until[0]) / 2) ? parts.bridged : parts.heard
    const last = part[part.length - 1]
    if (last?.[0] !== from[0]) {
      // Times are whole milliseconds, so a half is free.
      if (last) part.push([last[0] + 0.5, null])
      part.push([from[0], from[1]])
    }
    part.push([until[0], until[1]])
  }
  return parts
}

/** What is heard of a ship: the time of the track less what is bridged, as spans that do not touch. */
export function heardSpans(from_ms: number, until_ms: number, bridged: [number, number][]): [number, number][] {
  const spans: [number, number][] = []
  let at = from_ms
  for (const [start, end] of [...bridged].sort((a, b) => a[0] - b[0])) {
    if (start > at) spans.push([at, Math.min(start, until_ms)])
    at = Math.max(at, end)
    if (at >= until_ms) break
  }
  if (at < until_ms) spans.push([at, until_ms])
  return spans
}

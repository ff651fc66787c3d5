// The instant that map, plots, timeline and playback share. It moves sixty times a second while played, so it goes by
// the renderer of the page and straight to those who draw.

export class Cursor {
  private listeners = new Set<(at_ms: number) => void>()

  constructor(public at_ms: number) {}

  set(at_ms: number): void {
    this.at_ms = at_ms
    this.listeners.forEach((listener) => listener(at_ms))
  }

  /** Calls at once, and then at every change; returns how to stop it. */
  follow(listener: (at_ms: number) => void): () => void {
    this.listeners.add(listener)
    listener(this.at_ms)
    return () => void this.listeners.delete(listener)
  }
}

export type Range = [from_ms: number, until_ms: number]

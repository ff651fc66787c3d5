// Light and dark: as the system says, until the reader says otherwise.

import { useEffect, useState } from 'preact/hooks'

export type Theme = 'light' | 'dark'
type Choice = Theme | 'system'

const KEY = 'alongside.theme'
const dark = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()
let choice: Choice = read()

function read(): Choice {
  try {
    const kept = localStorage.getItem(KEY)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return 'system'
  }
}

export const theme = (): Theme => (choice === 'system' ? (dark.matches ? 'dark' : 'light') : choice)

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme()
}

function changed(): void {
  applyTheme()
  listeners.forEach((listener) => listener())
}

dark.addEventListener('change', changed)

/** Back to the system's choice where that is the same, so that a reader is not held to a choice for ever. */
export function toggleTheme(): void {
  const wanted: Theme = theme() === 'dark' ? 'light' : 'dark'
  choice = wanted === (dark.matches ? 'dark' : 'light') ? 'system' : wanted
  try {
    if (choice === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, choice)
  } catch {
    // A browser that keeps nothing shows it all the same.
  }
  changed()
}

export function useTheme(): Theme {
  const [now, setNow] = useState(theme)
  useEffect(() => {
    const listener = () => setNow(theme())
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, [])
  return now
}

/** The value of a colour of the style sheet, for what is painted on a canvas. */
export const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

// Addresses of the page. Every state worth showing somebody else stands in one.

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'

export interface Address {
  path: string
  search: string
}

const here = (): Address => ({ path: location.pathname, search: location.search })
const listeners = new Set<() => void>()

addEventListener('popstate', () => listeners.forEach((listener) => listener()))

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === location.pathname + location.search) return
  if (how === 'push') history.pushState(null, '', to)
  else history.replaceState(null, '', to)
  listeners.forEach((listener) => listener())
}

export function useAddress(): Address {
  const [address, setAddress] = useState(here)
  useEffect(() => {
    const listener = () => setAddress(here())
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, [])
  return address
}

type AnchorProps = Pick<
  JSX.IntrinsicElements['a'],
  'onClick' | 'onFocus' | 'class' | 'id' | 'aria-label' | 'aria-current'
> & {
  href: string
  children?: ComponentChildren
}

/** A link within the page: an ordinary one to everything but an ordinary click. */
export function A({ href, onClick, ...rest }: AnchorProps) {
  return (
    <a
      href={href}
      onClick={(event) => {
        onClick?.(event)
        if (
          event.defaultPrevented ||
          event.button !== 0 ||
          event.metaKey ||
          event.ctrlKey ||
          event.shiftKey ||
          event.altKey
        )
          return
        event.preventDefault()
        navigate(href)
        scrollTo(0, 0)
      }}
      {...rest}
    />
  )
}

export const eventPath = (id: string) => `/event/${encodeURIComponent(id)}`
export const vesselPath = (mmsi: number) => `/vessel/${mmsi}`

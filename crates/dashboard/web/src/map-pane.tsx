import { useEffect, useRef, useState } from 'preact/hooks'
import type { Map } from './map'
import { useTheme } from './theme'

export type MapTools = typeof import('./map')

interface Props {
  label: string
  class?: string
  /** Once the map can take sources and layers; what it returns is called before the map goes. */
  onReady: (map: Map, tools: MapTools) => void
  /** After a change between light and dark. */
  onTheme?: (map: Map) => void
}

/** A map, which comes after everything that can be read: its code is larger than all the rest of the page. */
export function MapPane({ label, class: className, onReady, onTheme }: Props) {
  const container = useRef<HTMLDivElement>(null)
  const made = useRef<{ map: Map; tools: MapTools } | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const theme = useTheme()

  useEffect(() => {
    let gone = false
    import('./map')
      .then((tools) => {
        if (gone || !container.current) return
        const map = tools.createMap(container.current, label)
        map.once('style.load', () => {
          if (gone) return
          made.current = { map, tools }
          onReady(map, tools)
        })
        cleanup = () => map.remove()
      })
      .catch((error: unknown) => {
        console.error(error)
        setFailure('The map cannot be drawn in this browser, which needs WebGL for it. Everything else works without.')
      })
    let cleanup = () => {}
    return () => {
      gone = true
      made.current = null
      cleanup()
    }
  }, [])

  useEffect(() => {
    if (!made.current) return
    made.current.tools.paintBase(made.current.map)
    onTheme?.(made.current.map)
  }, [theme])

  return (
    <div class={`map ${className ?? ''}`} role="region" aria-label={label}>
      <div ref={container} class="map-canvas" />
      {failure && <p class="map-failure">{failure}</p>}
    </div>
  )
}

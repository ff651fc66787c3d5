// Who met whom, as a drawing and as a table that says the same.

import { forceCenter, forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY, type SimulationNodeDatum } from 'd3-force'
import { useMemo } from 'preact/hooks'
import type { Network } from './api'
import { count, instant, vesselName } from './format'
import { Flag, Score, VesselLink } from './parts'
import { A, eventPath, navigate, vesselPath } from './router'

const WIDTH = 720
const HEIGHT = 440
// More would be a ball of wool; the table has all of them.
const DRAWN_MAX = 120

interface Placed extends SimulationNodeDatum {
  mmsi: number
}

export function Graph({ network, ego }: { network: Network; ego?: number }) {
  const busiest = useMemo(() => {
    const degree = new Map<number, number>()
    for (const link of network.links) for (const end of [link.a, link.b]) degree.set(end, (degree.get(end) ?? 0) + 1)
    return [...network.nodes]
      .sort((a, b) => Number(b.mmsi === ego) - Number(a.mmsi === ego) || (degree.get(b.mmsi) ?? 0) - (degree.get(a.mmsi) ?? 0) || a.mmsi - b.mmsi)
      .slice(0, DRAWN_MAX)
  }, [network, ego])

  const { at, links } = useMemo(() => {
    const nodes: Placed[] = busiest.map((node) => (node.mmsi === ego ? { mmsi: node.mmsi, fx: WIDTH / 2, fy: HEIGHT / 2 } : { mmsi: node.mmsi }))
    const known = new Set(nodes.map((node) => node.mmsi))
    const links = network.links.filter((link) => known.has(link.a) && known.has(link.b))
    const crowd = Math.sqrt(nodes.length)
    // Its chance is seeded, so the same network is drawn the same each time.
    forceSimulation(nodes)
      .force('link', forceLink<Placed, { source: number; target: number }>(links.map((link) => ({ source: link.a, target: link.b }))).id((node) => node.mmsi).distance(Math.max(24, 260 / crowd)))
      .force('charge', forceManyBody().strength(-Math.max(60, 900 / crowd)))
      .force('centre', forceCenter(WIDTH / 2, HEIGHT / 2))
      .force('x', forceX(WIDTH / 2).strength(0.06))
      .force('y', forceY(HEIGHT / 2).strength(0.1))
      .force('apart', forceCollide(16))
      .stop()
      .tick(300)
    const at = new Map(nodes.map((node) => [node.mmsi, { x: within(node.x, WIDTH), y: within(node.y, HEIGHT) }]))
    return { at, links }
  }, [busiest, network, ego])

  if (network.nodes.length === 0) return <p class="empty">Nobody met anybody here.</p>
  const few = busiest.length <= 40
  return (
    <>
      <svg class="graph" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label={`${count(network.nodes.length, 'vessel')} and ${count(network.links.length, 'meeting pair')}; the table below says the same`}>
        <g aria-hidden="true">
          {links.map((link) => {
            const a = at.get(link.a)!
            const b = at.get(link.b)!
            return <line key={`${link.a}-${link.b}`} class="graph-link" x1={a.x} y1={a.y} x2={b.x} y2={b.y} stroke-width={1 + Math.min(5, Math.log2(1 + link.events))} stroke-opacity={0.25 + 0.65 * link.score_max} />
          })}
        </g>
        {busiest.map((node) => {
          const { x, y } = at.get(node.mmsi)!
          return (
            <a
              key={node.mmsi}
              href={vesselPath(node.mmsi)}
              aria-label={`${vesselName(node)}, ${count(node.events, 'event')}`}
              onClick={(click) => {
                if (click.metaKey || click.ctrlKey || click.shiftKey) return
                click.preventDefault()
                navigate(vesselPath(node.mmsi))
              }}
            >
              <title>{vesselName(node)}</title>
              <circle class={node.mmsi === ego ? 'graph-ego' : 'graph-node'} cx={x} cy={y} r={node.mmsi === ego ? 9 : 5 + Math.min(5, Math.log2(1 + node.events))} />
              {(few || node.mmsi === ego) && (
                <text class="graph-name" x={x} y={y - 13} text-anchor="middle">
                  {vesselName(node)}
                </text>
              )}
            </a>
          )
        })}
      </svg>
      {network.nodes.length > DRAWN_MAX && <p class="note">The drawing shows the {DRAWN_MAX} that met the most others; the table has all of them.</p>}
    </>
  )
}

const within = (value: number | undefined, size: number) => Math.max(20, Math.min(size - 20, value ?? size / 2))

export function LinksTable({ network }: { network: Network }) {
  const nodes = useMemo(() => new Map(network.nodes.map((node) => [node.mmsi, node])), [network])
  const links = useMemo(() => [...network.links].sort((a, b) => b.score_max - a.score_max || b.events - a.events), [network])
  if (links.length === 0) return null
  const end = (mmsi: number) => nodes.get(mmsi) ?? { mmsi, name: null, flag: null }
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Who met whom">
      <table class="short">
        <caption class="hidden">Who met whom</caption>
        <thead>
          <tr>
            <th scope="col">Vessel</th>
            <th scope="col">and vessel</th>
            <th scope="col">Events</th>
            <th scope="col">Highest score</th>
            <th scope="col">Last (UTC)</th>
          </tr>
        </thead>
        <tbody>
          {links.slice(0, 500).map((link) => (
            <tr key={`${link.a}-${link.b}`}>
              {[link.a, link.b].map((mmsi) => (
                <td key={mmsi}>
                  <VesselLink vessel={end(mmsi)} /> <Flag flag={end(mmsi).flag} />
                </td>
              ))}
              <td>
                {link.ids.slice(0, 5).map((id, index) => (
                  <span key={id}>
                    {index > 0 && ', '}
                    <A href={eventPath(id)} aria-label={`Event ${index + 1} of ${vesselName(end(link.a))} and ${vesselName(end(link.b))}`}>
                      {index + 1}
                    </A>
                  </span>
                ))}
                {link.events > 5 && <span class="muted"> of {link.events}</span>}
              </td>
              <td>
                <Score value={link.score_max} />
              </td>
              <td>{instant(link.last_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {links.length > 500 && <p class="note">The first 500 of {links.length}. Export GraphML from the queue for all of them.</p>}
    </div>
  )
}


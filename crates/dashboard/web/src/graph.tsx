// Who met whom, as a drawing and as a table that says the same.

import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type SimulationNodeDatum,
} from 'd3-force'
import { useMemo } from 'preact/hooks'
import type { Network } from './api'
import { count, instant, vesselName } from './format'
import { Flag, Score, VesselLink } from './parts'
import { A, eventPath, navigate, vesselPath } from './router'

const WIDTH = 1100
const HEIGHT = 480
// More would be a ball of wool; the table has all of them.
const DRAWN_MAX = 120

interface Placed extends SimulationNodeDatum {
  mmsi: number
}

export function Graph({ network, ego }: { network: Network; ego?: number }) {
  const { drawn, at, links } = useMemo(() => layout(network, ego), [network, ego])

  if (network.nodes.length === 0) return <p class="empty">Nobody met anybody here.</p>
  const few = drawn.length <= 40
  return (
    <>
      <svg
        class="graph"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="group"
        aria-label={`${count(network.nodes.length, 'vessel')} and ${count(network.links.length, 'meeting pair')}; the table below says the same`}
      >
        <g aria-hidden="true">
          {links.map((link) => {
            const a = at.get(link.a)!
            const b = at.get(link.b)!
            return (
              <line
                key={`${link.a}-${link.b}`}
                class="graph-link"
                x1={a.x}
                y1={a.y}
                x2={b.x}
                y2={b.y}
                stroke-width={1 + Math.min(5, Math.log2(1 + link.events))}
                stroke-opacity={0.25 + 0.65 * link.score_max}
              />
            )
          })}
        </g>
        {drawn.map((node) => {
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
              <circle
                class={node.mmsi === ego ? 'graph-ego' : 'graph-node'}
                cx={x}
                cy={y}
                r={node.mmsi === ego ? 9 : 5 + Math.min(5, Math.log2(1 + node.events))}
              />
              {(few || node.mmsi === ego) && (
                <text class="graph-name" x={x} y={y - 13} text-anchor="middle">
                  {vesselName(node)}
                </text>
              )}
            </a>
          )
        })}
      </svg>
      {network.nodes.length > DRAWN_MAX && (
        <p class="note">
          The drawing shows {drawn.length} of {network.nodes.length} vessels, those that met the most others; the table
          has all of them.
        </p>
      )}
    </>
  )
}

/** Whom to draw, and where. */
function layout(network: Network, ego?: number) {
  const degree = new Map<number, number>()
  for (const link of network.links) for (const end of [link.a, link.b]) degree.set(end, (degree.get(end) ?? 0) + 1)
  const weight = (link: Network['links'][number]) =>
    (link.a === ego || link.b === ego ? 1e6 : 0) + degree.get(link.a)! + degree.get(link.b)! + link.score_max
  const chosen = new Set<number>(ego === undefined ? [] : [ego])
  for (const link of [...network.links].sort((a, b) => weight(b) - weight(a))) {
    const more = Number(!chosen.has(link.a)) + Number(!chosen.has(link.b))
    if (chosen.size + more <= DRAWN_MAX) chosen.add(link.a).add(link.b)
  }
  const drawn = network.nodes.filter((node) => chosen.has(node.mmsi)).sort((a, b) => a.mmsi - b.mmsi)
  const known = new Set(drawn.map((node) => node.mmsi))
  const links = network.links.filter((link) => known.has(link.a) && known.has(link.b))
  const nodes: Placed[] = drawn.map((node) =>
    node.mmsi === ego ? { mmsi: node.mmsi, fx: 0, fy: 0 } : { mmsi: node.mmsi },
  )
  // Its chance is seeded, so the same network is drawn the same each time.
  forceSimulation(nodes)
    .force(
      'link',
      forceLink<Placed, { source: number; target: number }>(links.map((link) => ({ source: link.a, target: link.b })))
        .id((node) => node.mmsi)
        .distance(70),
    )
    .force('charge', forceManyBody().strength(-160).distanceMax(260))
    .force('x', forceX(0).strength(0.05))
    .force('y', forceY(0).strength(0.09))
    .force('apart', forceCollide(24))
    .stop()
    .tick(300)
  // The whole of it fills the drawing, and a few do not fill it to the edges.
  const reach = (of: (node: Placed) => number) => Math.max(90, ...nodes.map((node) => Math.abs(of(node))))
  const across = (WIDTH / 2 - 60) / reach((node) => node.x ?? 0)
  const down = (HEIGHT / 2 - 34) / reach((node) => node.y ?? 0)
  const at = new Map(
    nodes.map((node) => [node.mmsi, { x: WIDTH / 2 + (node.x ?? 0) * across, y: HEIGHT / 2 + (node.y ?? 0) * down }]),
  )
  return { drawn, at, links }
}

export function LinksTable({ network }: { network: Network }) {
  const nodes = useMemo(() => new Map(network.nodes.map((node) => [node.mmsi, node])), [network])
  const links = useMemo(
    () => [...network.links].sort((a, b) => b.score_max - a.score_max || b.events - a.events),
    [network],
  )
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
                    <A
                      href={eventPath(id)}
                      aria-label={`Event ${index + 1} of ${vesselName(end(link.a))} and ${vesselName(end(link.b))}`}
                    >
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
      {links.length > 500 && (
        <p class="note">The first 500 of {links.length}. Export GraphML from the queue for all of them.</p>
      )}
    </div>
  )
}

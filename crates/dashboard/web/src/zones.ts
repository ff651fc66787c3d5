// A zone as text that a person can write: corners, or GeoJSON.

export interface Corners {
  ring: [number, number][]
  /** Why the text is no zone yet; null where it is one. */
  fault: string | null
}

/** Reads corners, one a line; GeoJSON is left to the server, and has no corners here. */
export function parseRing(text: string): Corners {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) {
    try {
      const said = JSON.parse(trimmed) as { type?: unknown }
      return { ring: [], fault: typeof said.type === 'string' ? null : 'This JSON has no type, so it is no GeoJSON.' }
    } catch {
      return { ring: [], fault: 'This is no whole JSON.' }
    }
  }
  const ring: [number, number][] = []
  for (const [index, line] of trimmed.split('\n').entries()) {
    if (!line.trim()) continue
    const numbers = line
      .trim()
      .split(/[\s,;]+/)
      .map(Number)
    const [longitude, latitude] = numbers
    if (numbers.length !== 2 || !Number.isFinite(longitude) || !Number.isFinite(latitude))
      return { ring, fault: `Line ${index + 1} is no longitude and latitude.` }
    if (Math.abs(latitude!) > 90)
      return { ring, fault: `The latitude in line ${index + 1} is beyond the pole; longitude comes first.` }
    if (Math.abs(longitude!) > 360) return { ring, fault: `The longitude in line ${index + 1} is beyond the world.` }
    ring.push([longitude!, latitude!])
  }
  return { ring, fault: ring.length >= 3 ? null : 'A zone needs three corners at the least.' }
}

export const ringText = (ring: [number, number][]) =>
  ring.map(([longitude, latitude]) => `${longitude.toFixed(5)}, ${latitude.toFixed(5)}`).join('\n')

/** GeoJSON for the server. */
export function zoneOf(name: string, text: string): unknown {
  if (text.trim().startsWith('{')) return JSON.parse(text)
  const { ring } = parseRing(text)
  return { type: 'Feature', properties: { name }, geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]]] } }
}

import { expect, type Page } from '@playwright/test'

interface Found {
  id: string
  kind: string
  vessels: { mmsi: number }[]
}

/** Every screen with an address of it, for whatever store the server has. */
export async function cases(page: Page): Promise<[name: string, path: string][]> {
  const of = async (query: string): Promise<Found[]> => {
    const answer = await page.request.get(`/api/events?limit=20&${query}`)
    return ((await answer.json()) as { events: Found[] }).events
  }
  const encounters = await of('kind=encounter&flagged=all')
  const others = (await of('kind=loitering,gap,dark_meeting')).slice(0, 1)
  const [first, second] = encounters
  if (!first || !second) throw new Error('the store has no two encounters')
  return [
    ['queue', '/'],
    ['case', `/event/${encodeURIComponent(second.id)}`],
    ...others.map((event): [string, string] => ['case-other', `/event/${encodeURIComponent(event.id)}`]),
    ['vessel', `/vessel/${second.vessels[0]!.mmsi}`],
    ['vessels', '/vessels'],
    ['network', '/network'],
    ['lists', '/lists'],
    ['what-if', '/what-if?distance_m=100'],
    ['health', '/health'],
    ['nowhere', '/nowhere'],
  ]
}

/** The map has been given its data and drawn it. */
export const drawn = (page: Page) => expect(page.locator('.map canvas')).toBeVisible({ timeout: 30_000 })

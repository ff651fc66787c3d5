// What is asked for stands in the address of the page, in the words of the API, so that a link shows the same.

export const LISTS = ['kind', 'class', 'profile', 'state', 'flag', 'type', 'mmsi', 'imo', 'zone', 'watchlist'] as const
export const VALUES = ['name', 'text', 'score_min', 'score_max', 'since', 'until', 'bbox', 'flagged', 'order'] as const
export type ListKey = (typeof LISTS)[number]
export type ValueKey = (typeof VALUES)[number]

export type Filters = { [key in ListKey]?: string[] } & { [key in ValueKey]?: string }

export function parseFilters(search: string): Filters {
  const asked = new URLSearchParams(search)
  const filters: Filters = {}
  for (const key of LISTS) {
    const values = (asked.get(key) ?? '').split(',').filter((value) => value !== '')
    if (values.length) filters[key] = [...new Set(values)]
  }
  for (const key of VALUES) {
    const value = asked.get(key)
    if (value) filters[key] = value
  }
  return filters
}

/** The same filters give the same string, whatever order they were set in. */
export function filterQuery(filters: Filters): string {
  const query = new URLSearchParams()
  for (const key of LISTS) {
    const values = filters[key]
    if (values?.length) query.set(key, values.join(','))
  }
  for (const key of VALUES) {
    const value = filters[key]
    if (value) query.set(key, value)
  }
  return query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
}

export function toggled(filters: Filters, key: ListKey, value: string): Filters {
  const had = filters[key] ?? []
  const has = had.includes(value) ? had.filter((other) => other !== value) : [...had, value]
  return { ...filters, [key]: has.length ? has : undefined }
}

/** How many things the reader narrowed the answer by; the order is none. */
export function narrowing(filters: Filters): number {
  let count = 0
  for (const key of LISTS) count += filters[key]?.length ?? 0
  for (const key of VALUES) if (key !== 'order' && filters[key]) count += 1
  return count
}

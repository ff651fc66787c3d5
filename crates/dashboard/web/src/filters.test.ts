import { expect, test } from 'vitest'
import { filterQuery, narrowing, parseFilters, toggled } from './filters'

test('filters survive the way into the address and back', () => {
  const filters = parseFilters('?kind=encounter,gap&score_min=0.5&since=2024-01-01T00:00&name=A%26B&other=x')
  expect(filters).toEqual({ kind: ['encounter', 'gap'], score_min: '0.5', since: '2024-01-01T00:00', name: 'A&B' })
  expect(parseFilters(filterQuery(filters))).toEqual(filters)
})

test('the order in which filters were set does not matter', () => {
  expect(filterQuery({ text: 'x', kind: ['gap'] })).toBe(filterQuery({ kind: ['gap'], text: 'x' }))
})

test('a value is set and taken away again', () => {
  const set = toggled({}, 'flag', 'LR')
  expect(filterQuery(set)).toBe('flag=LR')
  expect(filterQuery(toggled(set, 'flag', 'LR'))).toBe('')
})

test('the order is no filter', () => {
  expect(narrowing(parseFilters('order=time&kind=a,b&text=c'))).toBe(3)
})

import { expect, test } from 'vitest'
import { heardSpans, split } from './series'

test('a line is split where it is bridged and loses nothing', () => {
  const parts = split(
    [
      [0, 1],
      [10, 2],
      [20, 3],
      [30, 4],
    ],
    (at) => at > 10 && at < 20,
  )
  expect(parts.heard).toEqual([
    [0, 1],
    [10, 2],
    [10.5, null],
    [20, 3],
    [30, 4],
  ])
  expect(parts.bridged).toEqual([
    [10, 2],
    [20, 3],
  ])
})

test('what is unknown breaks both', () => {
  const parts = split(
    [
      [0, 1],
      [10, null],
      [20, 3],
      [20, 3],
      [30, 4],
    ],
    () => false,
  )
  expect(parts.heard).toEqual([
    [20, 3],
    [30, 4],
  ])
  expect(parts.bridged).toEqual([])
})

test('heard is what is not bridged', () => {
  expect(
    heardSpans(0, 100, [
      [40, 60],
      [90, 200],
      [10, 20],
    ]),
  ).toEqual([
    [0, 10],
    [20, 40],
    [60, 90],
  ])
  expect(heardSpans(0, 100, [])).toEqual([[0, 100]])
})

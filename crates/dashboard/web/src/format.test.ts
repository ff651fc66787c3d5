import { describe, expect, test } from 'vitest'
import { count, distance, duration, instant, place, thousands, vesselName, visible, wrap } from './format'

describe('format', () => {
  test('an instant is told in UTC', () => {
    expect(instant('2024-01-01T00:14:07.250Z')).toBe('2024-01-01 00:14')
    expect(instant('2024-01-01T00:14:07.250Z', true)).toBe('2024-01-01 00:14:07')
    expect(instant(null)).toBe('–')
    expect(instant('nonsense')).toBe('–')
  })

  test('a duration has at most two units', () => {
    expect(duration(12)).toBe('12 s')
    expect(duration(59 * 60 + 31)).toBe('1 h')
    expect(duration(3846)).toBe('1 h 4 min')
    expect(duration(7200)).toBe('2 h')
    expect(duration(3 * 86400 + 3600)).toBe('3 d 1 h')
  })

  test('a distance changes to nautical miles', () => {
    expect(distance(8.82)).toBe('8.8 m')
    expect(distance(129.4)).toBe('129 m')
    expect(distance(151_220)).toBe('82 nm')
    expect(distance(null)).toBe('–')
  })

  test('a place on either side of both zeros', () => {
    expect(place(28.2504, -94.8597)).toBe('28.250°N 094.860°W')
    expect(place(-0.5, 179.9999)).toBe('00.500°S 180.000°E')
    expect(place(10, 190)).toBe('10.000°N 170.000°W')
    expect(wrap(-190)).toBe(170)
  })

  test('numbers have groups and words their number', () => {
    expect(thousands(50_000)).toBe('50\u202f000')
    expect(count(1, 'event')).toBe('1 event')
    expect(count(0, 'event')).toBe('0 events')
  })

  test('hostile names stay text that shows itself', () => {
    expect(visible('<SCRIPT SRC=//X.CO>')).toBe('<SCRIPT SRC=//X.CO>')
    expect(visible('A\u202eB\u0000C\u200bD\u007f\u0085')).toBe('A⟨U+202E⟩B␀C⟨U+200B⟩D␡⟨U+0085⟩')
    expect(visible('\ud800')).toBe('⟨U+D800⟩')
    expect(visible('日本丸 🚢')).toBe('日本丸 🚢')
    expect(vesselName({ name: '  ', mmsi: 12345678 })).toBe('MMSI 012345678')
  })
})

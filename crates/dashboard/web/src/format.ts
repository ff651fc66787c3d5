// Numbers and names as people read them: UTC, knots, metres and nautical miles.

const DASH = '–'

/** `2024-01-01 00:14` in UTC. */
export function instant(at: string | number | null | undefined, seconds = false): string {
  if (at === null || at === undefined) return DASH
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return DASH
  return date
    .toISOString()
    .slice(0, seconds ? 19 : 16)
    .replace('T', ' ')
}

/** `1 h 4 min`, in at most two units. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return DASH
  const whole = Math.round(Math.abs(seconds))
  if (whole < 60) return `${whole} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  const days = Math.floor(hours / 24)
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`
}

export const span = (from: string, until: string) => (Date.parse(until) - Date.parse(from)) / 1000

/** Metres below two kilometres, nautical miles above. */
export function distance(metres: number | null | undefined): string {
  if (metres === null || metres === undefined) return DASH
  if (metres < 10) return `${metres.toFixed(1)} m`
  if (metres < 2000) return `${Math.round(metres)} m`
  const miles = metres / 1852
  return `${miles < 10 ? miles.toFixed(1) : Math.round(miles)} nm`
}

export const knots = (speed: number | null | undefined) =>
  speed === null || speed === undefined ? DASH : `${speed.toFixed(1)} kn`
export const metres = (length: number | null | undefined, digits = 0) =>
  length === null || length === undefined ? DASH : `${length.toFixed(digits)} m`
export const degrees = (angle: number | null | undefined) =>
  angle === null || angle === undefined ? DASH : `${Math.round(angle)}°`
export const percent = (share: number | null | undefined) =>
  share === null || share === undefined ? DASH : `${Math.round(share * 100)} %`
export const score = (value: number) => value.toFixed(2)

/** `28.250°N 094.860°W` */
export function place(latitude_deg: number, longitude_deg: number): string {
  const longitude = wrap(longitude_deg)
  const of = (value: number, digits: number) =>
    Math.abs(value)
      .toFixed(3)
      .padStart(digits + 4, '0')
  return `${of(latitude_deg, 2)}°${latitude_deg < 0 ? 'S' : 'N'} ${of(longitude, 3)}°${longitude < 0 ? 'W' : 'E'}`
}

/** A longitude in [-180, 180). */
export const wrap = (longitude_deg: number) => ((((longitude_deg + 180) % 360) + 360) % 360) - 180

/** `1 event`, `2 events`, `50 000 events` */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${thousands(number)} ${number === 1 ? one : many}`
}

/** Digits in groups of three, with a space that does not break. */
export const thousands = (number: number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, '\u202f')

/** A word of the data as people write it: `possible_transfer` is `possible transfer`. */
export const words = (term: string | null | undefined) => (term ? term.replaceAll('_', ' ') : DASH)

const KINDS: Record<string, string> = {
  dark_meeting: 'dark-meeting candidate',
  gap: 'AIS gap',
  jump: 'jump of position',
  displacement: 'mass displacement',
  on_land: 'position on land',
  watchlist_hit: 'watchlist hit',
}
export const kindWords = (kind: string) => KINDS[kind] ?? words(kind)

let countries: Intl.DisplayNames | undefined
/** The country of a flag, as `Liberia`; the two letters where it has no name. */
export function country(flag: string | null | undefined): string {
  if (!flag) return 'unknown flag'
  try {
    countries ??= new Intl.DisplayNames(['en'], { type: 'region' })
    return countries.of(flag) ?? flag
  } catch {
    return flag
  }
}

/**
 * Text that came by radio, with everything that does not show itself made visible: control characters as their
 * pictures (␀), marks of direction and characters without width as their code points (⟨U+202E⟩). What is left
 * cannot turn the line around it or hide a part of itself.
 */
export function visible(text: string): string {
  let shown = ''
  for (const char of text) {
    const code = char.codePointAt(0)!
    if (code < 0x20) shown += String.fromCodePoint(0x2400 + code)
    else if (code === 0x7f) shown += '\u2421'
    else if (HIDDEN.test(char)) shown += `\u27e8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27e9`
    else shown += char
  }
  return shown
}

// Of the categories Cc (C1), Cf, Zl, Zp, Cs, Co and Cn all; and the Hangul fillers and the Braille blank, which are empty.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\u115f\u1160\u2800\u3164\uffa0]/u

export const vesselName = (vessel: { name: string | null; mmsi: number }) =>
  vessel.name?.trim() ? visible(vessel.name) : `MMSI ${String(vessel.mmsi).padStart(9, '0')}`

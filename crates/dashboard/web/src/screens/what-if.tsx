// What another definition of a meeting would have found. Nothing that is stored changes.

import { useEffect, useState } from 'preact/hooks'
import { api, type Profile, type WhatIf } from '../api'
import { EventsTable } from '../events-table'
import { count, duration, thousands, words } from '../format'
import { Empty, Failure, Loading, Title, Told, useLoad } from '../parts'
import { navigate, useAddress } from '../router'

const FIELDS: [key: string, label: string, unit: string, step: string][] = [
  ['distance_m', 'No farther apart than', 'm', '10'],
  ['duration_s', 'For at least', 's', '60'],
  ['speed_knots', 'No faster, in the median, than', 'kn', '0.1'],
  ['coast_distance_m', 'At least so far off the coast', 'm', '100'],
  ['port_distance_m', 'At least so far from a port', 'm', '100'],
]

export function WhatIfScreen() {
  const { search } = useAddress()
  const asked = new URLSearchParams(search)
  const about = useLoad('', () => api.about())
  const defined = about.data?.profiles ?? []
  const profiles = defined.map((each) => each.name)
  const profile = asked.get('profile') ?? (profiles.includes('sts') ? 'sts' : (profiles[0] ?? ''))
  const [state, setState] = useState<{ answer: WhatIf | null; error: Error | null; busy: boolean }>({
    answer: null,
    error: null,
    busy: false,
  })

  const current = defined.find((each) => each.name === profile)
  const asItIs = (key: string) => {
    const value = current?.[key as keyof Profile]
    return typeof value === 'number' ? `now ${value}` : 'as it is'
  }
  const changed = FIELDS.flatMap(([key]) => {
    const value = asked.get(key)
    return value !== null && value !== '' && Number.isFinite(Number(value)) ? [[key, Number(value)] as const] : []
  })
  const set = (key: string, value: string) => {
    const next = new URLSearchParams(location.search)
    if (value.trim()) next.set(key, value.trim())
    else next.delete(key)
    navigate(next.size ? `/what-if?${next}` : '/what-if', 'replace')
  }
  const run = async () => {
    setState((before) => ({ ...before, error: null, busy: true }))
    try {
      setState({ answer: await api.whatIf({ [profile]: Object.fromEntries(changed) }), error: null, busy: false })
    } catch (error) {
      setState({ answer: null, error: error as Error, busy: false })
    }
  }
  // A link with numbers in it shows what they give.
  useEffect(() => {
    if (profile && changed.length > 0 && !state.answer && !state.busy && !state.error) run()
  }, [profile])

  return (
    <div class="screen">
      <Title text="What if" />
      <p class="lead">
        Change the thresholds of a profile and see which encounters would appear and which would vanish. What is stored
        stays as it is.
      </p>
      {about.error ? (
        <Failure error={about.error} retry={about.reload} />
      ) : !about.data ? (
        <Loading what="the profiles" />
      ) : (
        <form
          class="what-if"
          onSubmit={(submit) => {
            submit.preventDefault()
            run()
          }}
        >
          <label>
            Profile
            <select value={profile} onChange={(change) => set('profile', change.currentTarget.value)}>
              {[...new Set([profile, ...profiles])].filter(Boolean).map((name) => (
                <option key={name} value={name}>
                  {words(name)}
                </option>
              ))}
            </select>
          </label>
          {FIELDS.map(([key, label, unit, step]) => (
            <label key={key}>
              {label}
              <span class="with-unit">
                <input
                  type="number"
                  min="0"
                  step={step}
                  placeholder={asItIs(key)}
                  value={asked.get(key) ?? ''}
                  onInput={(input) => set(key, input.currentTarget.value)}
                />
                <span aria-hidden="true">{unit}</span>
              </span>
            </label>
          ))}
          {current?.alternatives?.map((other) => (
            <p key={other.distance_m} class="muted">
              or within {other.distance_m} m for {duration(other.duration_s)}
            </p>
          ))}
          <button type="submit" class="main" disabled={state.busy || changed.length === 0 || !profile}>
            {state.busy ? 'Working …' : 'Show'}
          </button>
        </form>
      )}
      {state.error && <Failure error={state.error} retry={run} />}
      {state.answer && <Answer answer={state.answer} />}
    </div>
  )
}

function Answer({ answer }: { answer: WhatIf }) {
  return (
    <div class="answer" aria-live="polite">
      <p class="total">
        {count(answer.appear_total ?? answer.appear.length, 'encounter')} would appear,{' '}
        {thousands(answer.vanish_total ?? answer.vanish.length)} would vanish, {thousands(answer.stay)} would stay.
      </p>
      <p class="muted">
        It rests on <Told text={answer.rests_on} />
      </p>
      <section>
        <h2>Would appear</h2>
        {answer.appear.length ? (
          <EventsTable events={answer.appear} caption="Encounters that would appear" />
        ) : (
          <Empty>None.</Empty>
        )}
      </section>
      <section>
        <h2>Would vanish</h2>
        {answer.vanish.length ? (
          <EventsTable events={answer.vanish} caption="Encounters that would vanish" />
        ) : (
          <Empty>None.</Empty>
        )}
      </section>
    </div>
  )
}

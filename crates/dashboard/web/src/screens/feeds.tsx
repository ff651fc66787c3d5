// Whether what should come in comes in, and what should go out goes out.

import { useEffect } from 'preact/hooks'
import { api } from '../api'
import { duration, instant, thousands, words } from '../format'
import { useMayAdminister } from '../session'
import { Empty, Facts, Failure, Loading, Title, Told, useLoad } from '../parts'

const EVERY_MS = 10_000

export function Feeds() {
  const health = useLoad('', (signal) => api.health(signal))
  const mayAdminister = useMayAdminister()
  useEffect(() => {
    const timer = setInterval(health.reload, EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <div class="screen">
      <Title text="Feeds" />
      {health.error ? (
        <Failure error={health.error} retry={health.reload} />
      ) : !health.data ? (
        <Loading what="the state of the feeds" />
      ) : (
        <>
          <section>
            <h2>Sources</h2>
            {health.data.sources.length === 0 ? (
              <Empty>
                This page shows a store by itself: no source feeds it. <code>alongside run</code> has sources, and shows
                them here.
              </Empty>
            ) : (
              <div class="scroll" tabIndex={0} role="region" aria-label="Sources">
                <table class="short">
                  <thead>
                    <tr>
                      <th scope="col">Source</th>
                      <th scope="col">State</th>
                      <th scope="col">Last message (UTC)</th>
                      <th scope="col" class="number">
                        Now, per second
                      </th>
                      <th scope="col" class="number">
                        Usually
                      </th>
                      <th scope="col" class="number">
                        Behind
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {health.data.sources.map((source) => (
                      <tr key={source.name}>
                        <td>
                          <Told text={source.name} />
                        </td>
                        <td>
                          <span class={/ok|connected|live|running|reading|up/i.test(source.state) ? 'good' : 'bad'}>
                            {words(source.state)}
                          </span>
                        </td>
                        <td>{instant(source.last_message_at, true)}</td>
                        <td class="number">{rate(source.rate_per_s)}</td>
                        <td class="number">{rate(source.usual_rate_per_s)}</td>
                        <td class="number">{duration(source.lag_s)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </section>
          {health.data.sinks.length > 0 && (
            <section>
              <h2>Sinks</h2>
              {health.data.sinks.map((sink, index) => (
                <Facts
                  key={index}
                  rows={Object.entries(sink).map(([key, value]) => [
                    words(key),
                    <Told text={typeof value === 'object' ? JSON.stringify(value) : String(value)} />,
                  ])}
                />
              ))}
            </section>
          )}
          <section>
            <h2>Store</h2>
            <Facts
              rows={[
                ['Kind', words(health.data.store.kind)],
                ['Where', health.data.store.path ? <Told text={health.data.store.path} /> : '–'],
                ['Events', health.data.store.events === null ? '–' : thousands(health.data.store.events)],
                ['Last change', `${instant(health.data.store.last_change, true)} UTC`],
              ]}
            />
          </section>
          {mayAdminister && <Audit />}
          <p class="muted">Asked again every {EVERY_MS / 1000} seconds.</p>
        </>
      )}
    </div>
  )
}

/** Who changed or took away what. */
function Audit() {
  const audit = useLoad('', (signal) => api.audit(signal))
  const rows = audit.data?.audit ?? []
  return (
    <section>
      <h2>Changes and exports</h2>
      {audit.error ? (
        <Failure error={audit.error} retry={audit.reload} />
      ) : rows.length === 0 ? (
        <Empty>{audit.loading ? 'Loading …' : 'None yet.'}</Empty>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Changes and exports">
          <table class="short">
            <thead>
              <tr>
                <th scope="col">When (UTC)</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">Of what</th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, 100).map((row, index) => (
                <tr key={index}>
                  <td>{instant(row.at, true)}</td>
                  <td>{row.user ? <Told text={row.user} /> : '–'}</td>
                  <td>
                    <Told text={row.action} />
                  </td>
                  <td class="breakable">
                    <Told text={row.subject} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

const rate = (value: number | null | undefined) =>
  value === null || value === undefined ? '–' : value < 10 ? value.toFixed(1) : thousands(value)

// Who they are: every identity that was ever broadcast under a number, its events, and whom it met.

import { useState } from 'preact/hooks'
import { api, type VesselRow } from '../api'
import { EventsTable } from '../events-table'
import { count, country, instant, thousands, vesselName, words } from '../format'
import { Graph, LinksTable } from '../graph'
import { Empty, Facts, Failure, Field, Flag, Loading, Title, Told, useLoad, VesselLink } from '../parts'
import { A, navigate, useAddress } from '../router'

export function Vessels() {
  const { search } = useAddress()
  const asked = new URLSearchParams(search)
  const keys = ['text', 'flag', 'type']
  const query = new URLSearchParams(keys.flatMap((key) => (asked.get(key) ? [[key, asked.get(key)!]] : []))).toString()
  const found = useLoad(query, (signal) => api.vessels(query ? `${query}&limit=200` : 'limit=200', signal))
  const [more, setMore] = useState<{ of: string; rows: VesselRow[]; next: string | null; error: Error | null } | null>(
    null,
  )
  const extra = more && more.of === query ? more : null
  const rows = [...(found.data?.vessels ?? []), ...(extra?.rows ?? [])]
  const next = extra ? extra.next : (found.data?.next ?? null)

  const set = (key: string, value: string) => {
    const changed = new URLSearchParams(search)
    if (value.trim()) changed.set(key, value.trim())
    else changed.delete(key)
    navigate(changed.size ? `/vessels?${changed}` : '/vessels', 'replace')
  }
  const loadMore = async () => {
    try {
      const answer = await api.vessels(`${query ? `${query}&` : ''}limit=200&cursor=${encodeURIComponent(next!)}`)
      setMore({ of: query, rows: [...(extra?.rows ?? []), ...answer.vessels], next: answer.next, error: null })
    } catch (error) {
      setMore({ of: query, rows: extra?.rows ?? [], next, error: error as Error })
    }
  }
  return (
    <div class="screen">
      <Title text="Vessels" />
      <form class="row" role="search" onSubmit={(submit) => submit.preventDefault()} aria-label="Vessels">
        <label>
          Name, callsign, MMSI or IMO
          <Field type="search" value={asked.get('text') ?? ''} onCommit={(text) => set('text', text)} />
        </label>
        <label>
          Flag (two letters)
          <Field
            type="text"
            size={4}
            maxLength={2}
            value={asked.get('flag') ?? ''}
            onCommit={(text) => set('flag', text.toUpperCase())}
          />
        </label>
        <label>
          Type
          <Field
            type="text"
            size={12}
            placeholder="tanker"
            value={asked.get('type') ?? ''}
            onCommit={(text) => set('type', text)}
          />
        </label>
      </form>
      {found.error ? (
        <Failure error={found.error} retry={found.reload} />
      ) : !found.data ? (
        <Loading what="vessels" />
      ) : rows.length === 0 ? (
        <Empty>No vessel of that description was heard.</Empty>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Vessels">
          <table class="short">
            <thead>
              <tr>
                <th scope="col">Vessel</th>
                <th scope="col">Flag</th>
                <th scope="col">Type</th>
                <th scope="col">MMSI</th>
                <th scope="col">IMO</th>
                <th scope="col" class="number">
                  Length
                </th>
                <th scope="col">Last heard (UTC)</th>
                <th scope="col" class="number">
                  Events
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((vessel) => (
                <tr key={vessel.mmsi}>
                  <td>
                    <VesselLink vessel={vessel} />
                  </td>
                  <td>
                    <Flag flag={vessel.flag} />
                  </td>
                  <td>{words(vessel.type)}</td>
                  <td>{vessel.mmsi}</td>
                  <td>{vessel.imo ?? '–'}</td>
                  <td class="number">{vessel.length_m ? `${vessel.length_m} m` : '–'}</td>
                  <td>{instant(vessel.last_heard_at)}</td>
                  <td class="number">{vessel.events ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {next && (
        <button type="button" onClick={loadMore}>
          Show more
        </button>
      )}
      {extra?.error && <Failure error={extra.error} retry={loadMore} />}
    </div>
  )
}

export function VesselScreen({ mmsi }: { mmsi: number }) {
  const { path, search } = useAddress()
  const depth = ['2', '3'].includes(new URLSearchParams(search).get('depth') ?? '')
    ? new URLSearchParams(search).get('depth')!
    : '1'
  const card = useLoad(String(mmsi), (signal) => api.vessel(mmsi, signal))
  const network = useLoad(`${mmsi} ${depth}`, (signal) => api.network(`mmsi=${mmsi}&depth=${depth}`, signal))
  if (card.error) {
    return (
      <div class="alone">
        <Title text={`MMSI ${mmsi}`} />
        <Failure error={card.error} retry={card.reload} />
      </div>
    )
  }
  if (!card.data) {
    return (
      <div class="alone">
        <Title text={`MMSI ${mmsi}`} />
        <Loading what="the vessel" />
      </div>
    )
  }
  const { vessel, identities, events } = card.data
  return (
    <article class="screen">
      <p class="crumbs">
        <A href="/vessels">Vessels</A> <span aria-hidden="true">›</span>
      </p>
      <Title text={vesselName(vessel)}>
        <bdi>{vesselName(vessel)}</bdi>
      </Title>
      <div class="columns">
        <section>
          <h2>As last heard</h2>
          <Facts
            rows={[
              ['MMSI', vessel.mmsi],
              ['IMO', vessel.imo ?? '–'],
              ['Callsign', vessel.callsign ? <Told text={vessel.callsign} /> : '–'],
              ['Flag', vessel.flag ? country(vessel.flag) : '–'],
              ['Type', words(vessel.type)],
              ['Length × beam', vessel.length_m ? `${vessel.length_m} × ${vessel.beam_m ?? '–'} m` : '–'],
              ['First heard', `${instant(vessel.first_heard_at)} UTC`],
              ['Last heard', `${instant(vessel.last_heard_at)} UTC`],
              [
                'Positions',
                vessel.positions === null || vessel.positions === undefined ? '–' : thousands(vessel.positions),
              ],
            ]}
          />
        </section>
        <section>
          <h2>
            Identities <span class="muted">({identities.length})</span>
          </h2>
          {identities.length === 0 ? (
            <Empty>It never said who it is.</Empty>
          ) : (
            <div class="scroll" tabIndex={0} role="region" aria-label="Identities">
              <table class="short">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">IMO</th>
                    <th scope="col">Callsign</th>
                    <th scope="col">Flag</th>
                    <th scope="col">Type</th>
                    <th scope="col">Length × beam</th>
                    <th scope="col">Heard (UTC)</th>
                  </tr>
                </thead>
                <tbody>
                  {identities.map((identity, index) => {
                    const before = identities[index - 1]
                    const mark = (same: boolean) => (before && !same ? 'changed' : undefined)
                    return (
                      <tr key={index}>
                        <td class={mark(before?.name === identity.name)}>
                          {identity.name ? <Told text={identity.name} /> : '–'}
                        </td>
                        <td class={mark(before?.imo === identity.imo)}>{identity.imo ?? '–'}</td>
                        <td class={mark(before?.callsign === identity.callsign)}>
                          {identity.callsign ? <Told text={identity.callsign} /> : '–'}
                        </td>
                        <td class={mark(before?.flag === identity.flag)}>
                          <Flag flag={identity.flag} />
                        </td>
                        <td class={mark(before?.type === identity.type)}>{words(identity.type)}</td>
                        <td>{identity.length_m ? `${identity.length_m} × ${identity.beam_m ?? '–'} m` : '–'}</td>
                        <td>
                          {instant(identity.first_heard_at)} to {instant(identity.last_heard_at)}
                        </td>
                      </tr>
                    )
                  })}
                </tbody>
              </table>
            </div>
          )}
        </section>
      </div>
      <section>
        <h2>{count(events.length, 'event')}</h2>
        {events.length === 0 ? (
          <Empty>No event of it is in the store.</Empty>
        ) : (
          <EventsTable events={events} caption="Events of this vessel" />
        )}
      </section>
      <section>
        <div class="section-head">
          <h2>Whom it met</h2>
          <label class="inline">
            <span class="muted">Steps away</span>
            <select
              value={depth}
              onChange={(change) =>
                navigate(
                  change.currentTarget.value === '1' ? path : `${path}?depth=${change.currentTarget.value}`,
                  'replace',
                )
              }
            >
              <option value="1">1</option>
              <option value="2">2</option>
              <option value="3">3</option>
            </select>
          </label>
        </div>
        {network.error ? (
          <Failure error={network.error} retry={network.reload} />
        ) : !network.data ? (
          <Loading what="the network" />
        ) : (
          <>
            <Graph network={network.data} ego={mmsi} />
            <LinksTable network={network.data} />
          </>
        )}
      </section>
    </article>
  )
}

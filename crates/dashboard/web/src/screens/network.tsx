// Who met whom among all events that fit the filters, which are those of the queue.

import { api, exportPath } from '../api'
import { filterQuery, narrowing, parseFilters, type ValueKey } from '../filters'
import { Failure, Field, Loading, Title, useLoad } from '../parts'
import { Graph, LinksTable } from '../graph'
import { A, navigate, useAddress } from '../router'
import { isoOf } from './queue'

export function NetworkScreen() {
  const { search } = useAddress()
  const filters = { ...parseFilters(search), order: undefined }
  const query = filterQuery(filters)
  const network = useLoad(query, (signal) => api.network(query, signal))
  const set = (key: ValueKey, value: string) => {
    const asked = filterQuery({ ...filters, [key]: value.trim() || undefined })
    navigate(asked ? `/network?${asked}` : '/network', 'replace')
  }
  return (
    <div class="screen">
      <Title text="Network" />
      <form class="row" role="search" aria-label="Meetings" onSubmit={(submit) => submit.preventDefault()}>
        <label>
          Text, name, MMSI or IMO
          <Field type="search" value={filters.text ?? ''} onCommit={(text) => set('text', text)} />
        </label>
        <label>
          From (UTC)
          <Field
            type="text"
            placeholder="2024-01-01"
            size={12}
            value={filters.since ?? ''}
            onCommit={(text) => set('since', isoOf(text))}
          />
        </label>
        <label>
          Until (UTC)
          <Field
            type="text"
            placeholder="2024-01-31"
            size={12}
            value={filters.until ?? ''}
            onCommit={(text) => set('until', isoOf(text))}
          />
        </label>
        <label>
          Score from
          <Field
            type="number"
            min="0"
            max="1"
            step="0.05"
            value={filters.score_min ?? ''}
            onCommit={(text) => set('score_min', text)}
          />
        </label>
        <p class="row-end">
          <A href={query ? `/?${query}` : '/'}>These events in the queue</A> ·{' '}
          <a href={exportPath('graphml', query)} download="">
            GraphML
          </a>
          {narrowing(filters) > 0 && (
            <>
              {' '}
              ·{' '}
              <button type="button" class="quiet" onClick={() => navigate('/network', 'replace')}>
                Take all filters away
              </button>
            </>
          )}
        </p>
      </form>
      {network.error ? (
        <Failure error={network.error} retry={network.reload} />
      ) : !network.data ? (
        <Loading what="the network" />
      ) : (
        <>
          <Graph network={network.data} />
          <LinksTable network={network.data} />
        </>
      )}
    </div>
  )
}

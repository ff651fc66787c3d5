import type { EventRecord } from './api'
import { duration, instant, span } from './format'
import { Kind, Score, State, VesselName } from './parts'
import { A, eventPath } from './router'

/** Events in short, for screens on which they are not the matter itself. */
export function EventsTable({ events, caption }: { events: EventRecord[]; caption: string }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class="short">
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Score</th>
            <th scope="col">What</th>
            <th scope="col">Vessels</th>
            <th scope="col">Started (UTC)</th>
            <th scope="col">Lasted</th>
            <th scope="col">Review</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.id}>
              <td>
                <Score value={event.score} />
              </td>
              <td>
                <Kind event={event} />
              </td>
              <td>
                <A href={eventPath(event.id)}>
                  {event.vessels.map((vessel, index) => (
                    <span key={vessel.mmsi}>
                      {index > 0 && ' · '}
                      <VesselName vessel={vessel} />
                    </span>
                  ))}
                </A>
              </td>
              <td>{instant(event.started_at)}</td>
              <td>{duration(span(event.started_at, event.ended_at))}</td>
              <td>{event.review && <State state={event.review.state} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

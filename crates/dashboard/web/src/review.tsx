// What somebody made of an event: a state and a note.

import { useEffect, useRef, useState } from 'preact/hooks'
import { api, type EventRecord, REVIEW_STATES, type Review } from './api'
import { announce, Failure, VesselName } from './parts'

interface FormProps {
  event: EventRecord
  review: Review
  onReview: (review: Review) => void
  onDone?: () => void
}

export function ReviewForm({ event, review, onReview, onDone }: FormProps) {
  const [state, setState] = useState(review.state)
  const [note, setNote] = useState(review.note)
  const [error, setError] = useState<Error | null>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    setState(review.state)
    setNote(review.note)
  }, [review])

  const save = async (submit: Event) => {
    submit.preventDefault()
    setBusy(true)
    setError(null)
    try {
      onReview(await api.review(event.id, state, note))
      announce(`Kept: ${state}`)
      onDone?.()
    } catch (failed) {
      setError(failed as Error)
    } finally {
      setBusy(false)
    }
  }

  return (
    <form class="review" onSubmit={save}>
      <fieldset class="states">
        <legend>State</legend>
        {REVIEW_STATES.map((each) => (
          <label key={each} class="check">
            <input type="radio" name="state" value={each} checked={state === each} onChange={() => setState(each)} />
            {each}
          </label>
        ))}
      </fieldset>
      <label>
        Note
        <textarea rows={3} value={note} onInput={(input) => setNote(input.currentTarget.value)} />
      </label>
      {error && <Failure error={error} />}
      <div class="buttons">
        <button type="submit" class="main" disabled={busy}>
          Keep
        </button>
        {onDone && (
          <button type="button" onClick={onDone}>
            Cancel
          </button>
        )}
      </div>
    </form>
  )
}

export function ReviewDialog({
  event,
  onClose,
  onReview,
}: {
  event: EventRecord
  onClose: () => void
  onReview: (review: Review) => void
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const review = event.review ?? { state: 'new', note: '', changed_at: null, changed_by: null }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="review-title">
      <h2 id="review-title">
        Review of{' '}
        {event.vessels.map((vessel, index) => (
          <span key={vessel.mmsi}>
            {index > 0 && ' and '}
            <VesselName vessel={vessel} />
          </span>
        ))}
      </h2>
      <ReviewForm event={event} review={review} onReview={onReview} onDone={() => dialog.current?.close()} />
    </dialog>
  )
}

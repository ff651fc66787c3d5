import { useState } from 'preact/hooks'
import { api } from '../api'
import { Failure, Title } from '../parts'

export function Login({ onDone }: { onDone: () => void }) {
  const [error, setError] = useState<Error | null>(null)
  const [busy, setBusy] = useState(false)
  const enter = async (submit: Event) => {
    submit.preventDefault()
    const form = new FormData(submit.currentTarget as HTMLFormElement)
    setBusy(true)
    setError(null)
    try {
      await api.login(String(form.get('user')), String(form.get('password')))
      onDone()
    } catch (failed) {
      setError(failed as Error)
      setBusy(false)
    }
  }
  return (
    <main id="main" class="alone login">
      <Title text="Log in" />
      <form onSubmit={enter}>
        <label>
          User
          <input name="user" autocomplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        {error && <Failure error={error} />}
        <button type="submit" class="main" disabled={busy}>
          Log in
        </button>
      </form>
    </main>
  )
}

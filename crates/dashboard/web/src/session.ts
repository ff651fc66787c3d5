import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Session } from './api'

export const SessionContext = createContext<Session>({ user: null, role: null, open: true, csrf: null })

/** Whether the reader may change a state, a list or a zone; the server decides, this only spares a refusal. */
export function useMayReview(): boolean {
  const session = useContext(SessionContext)
  return session.open || session.role === 'analyst' || session.role === 'admin'
}

export function useMayAdminister(): boolean {
  const session = useContext(SessionContext)
  return session.open || session.role === 'admin'
}

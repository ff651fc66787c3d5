import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type About, api, type Session, whenSignedOut } from './api'
import { filterQuery, parseFilters } from './filters'
import { Announcements, Empty, Failure, Loading, Title, Told } from './parts'
import { A, navigate, useAddress } from './router'
import { Case } from './screens/case'
import { Feeds } from './screens/feeds'
import { Lists } from './screens/lists'
import { Login } from './screens/login'
import { NetworkScreen } from './screens/network'
import { Queue } from './screens/queue'
import { VesselScreen, Vessels } from './screens/vessels'
import { WhatIfScreen } from './screens/what-if'
import { applyTheme, toggleTheme, useTheme } from './theme'
import { SessionContext } from './session'
import './style.css'

const PLACES: [string, string][] = [
  ['/', 'Queue'],
  ['/vessels', 'Vessels'],
  ['/network', 'Network'],
  ['/lists', 'Lists & zones'],
  ['/what-if', 'What if'],
  ['/health', 'Feeds'],
]

// Both are asked for before there is anything to show them in.
if (location.pathname === '/') api.askEarly(filterQuery(parseFilters(location.search)))
const first = api.session()
first.catch(() => undefined)

function Page() {
  const [session, setSession] = useState<Session | null>(null)
  const [failure, setFailure] = useState<Error | null>(null)
  const take = (asked: Promise<Session>) => {
    setFailure(null)
    asked.then(setSession, setFailure)
  }
  const enter = () => take(api.session())
  useEffect(() => {
    take(first)
    whenSignedOut(enter)
  }, [])

  if (failure) {
    return (
      <main id="main" class="alone">
        <Title text="No answer" />
        <Failure error={failure} retry={enter} />
      </main>
    )
  }
  if (!session) {
    return (
      <main id="main" class="alone">
        <h1>Alongside</h1>
        <Loading what="the page" />
      </main>
    )
  }
  if (!session.open && !session.user) return <Login onDone={enter} />
  return (
    <SessionContext.Provider value={session}>
      <Frame session={session} onLogout={enter} />
    </SessionContext.Provider>
  )
}

function Frame({ session, onLogout }: { session: Session; onLogout: () => void }) {
  const { path } = useAddress()
  const theme = useTheme()
  const [about, setAbout] = useState<About | null>(null)
  useEffect(() => {
    api.about().then(setAbout, () => undefined)
  }, [])
  const first = `/${path.split('/')[1] ?? ''}`
  const current = first === '/event' ? '/' : first === '/vessel' ? '/vessels' : first
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          document.querySelector<HTMLElement>('#main h1')?.focus()
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <A class="brand" href="/">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path class="brand-a" d="M9 3c3 4 4 8 4 13v12H5V16C5 11 6 7 9 3z" />
            <path class="brand-b" d="M23 4c3 4 4 8 4 13v11h-8V17c0-5 1-9 4-13z" />
          </svg>
          Alongside
        </A>
        <nav aria-label="Screens">
          {PLACES.map(([to, name]) => (
            <A key={to} href={to} aria-current={to === current ? 'page' : undefined}>
              {name}
            </A>
          ))}
        </nav>
        <div class="top-end">
          {session.user && (
            <>
              <span class="who">
                <Told text={session.user} /> <span class="muted">({session.role})</span>
              </span>
              <button type="button" class="quiet" onClick={() => api.logout().then(onLogout, onLogout)}>
                Log out
              </button>
            </>
          )}
          <button type="button" class="quiet" onClick={toggleTheme} aria-pressed={theme === 'dark'}>
            <span aria-hidden="true">{theme === 'dark' ? '☾' : '☀'}</span> Dark
          </button>
        </div>
      </header>
      <main id="main">
        <Screen path={path} />
      </main>
      <footer>
        <span>
          Times in UTC, speeds in knots, distances between antennas. What is shown is evidence, and no proof of a
          transfer or of any wrong.
        </span>
        {about && (
          <span>
            Alongside {about.software_version} · parameters <code>{about.parameters_hash}</code> ·{' '}
            <a href="/api/openapi.json">API</a> · <a href="/licences.html">Licences</a>
          </span>
        )}
      </footer>
      <Announcements />
    </>
  )
}

function Screen({ path }: { path: string }) {
  const [, place = '', rest] = path.split('/')
  switch (place) {
    case '':
      return <Queue />
    case 'event':
      if (rest) return <Case key={rest} id={decoded(rest)} />
      break
    case 'vessels':
      return <Vessels />
    case 'vessel':
      if (rest && /^\d{1,10}$/.test(rest)) return <VesselScreen key={rest} mmsi={Number(rest)} />
      break
    case 'network':
      return <NetworkScreen />
    case 'lists':
      return <Lists />
    case 'what-if':
      return <WhatIfScreen />
    case 'health':
      return <Feeds />
  }
  return (
    <div class="alone">
      <Title text="There is nothing at this address" />
      <Empty>
        <button type="button" onClick={() => navigate('/')}>
          Go to the queue
        </button>
      </Empty>
    </div>
  )
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

applyTheme()
render(<Page />, document.getElementById('page')!)

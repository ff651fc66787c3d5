// Every screen in a real browser: that it opens, filters, plays, links and exports, and is usable without a mouse. The
// server is the mock, or what ALONGSIDE_URL names; then what needs the mock is left out.

import { expect, type Page, test } from '@playwright/test'
import { drawn } from './cases'

const mock = !process.env.ALONGSIDE_URL

// A fault in the console is a fault of the page, be it an exception, a broken policy or a missing file.
let faults: string[] = []
test.beforeEach(({ page }) => {
  faults = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${message.text()} ${message.location().url}`)
  })
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url())
    if (protocol.startsWith('http') && hostname !== '127.0.0.1' && hostname !== 'localhost')
      faults.push(`asked elsewhere: ${request.url()}`)
  })
})
test.afterEach(() => {
  expect(faults).toEqual([])
})

const rows = (page: Page) => page.locator('table.events tbody tr')

async function encounter(page: Page): Promise<{ id: string; vessels: { mmsi: number; name: string | null }[] }> {
  const answer = await page.request.get('/api/events?kind=encounter&limit=2')
  return ((await answer.json()) as { events: { id: string; vessels: { mmsi: number; name: string | null }[] }[] })
    .events[1]!
}

test('the queue opens with the highest score first', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'Queue' })).toBeVisible()
  await expect(rows(page).first()).toBeVisible()
  const scores = (await page.locator('td .score-number').allTextContents()).map(Number)
  expect(scores).toEqual([...scores].sort((a, b) => b - a))
  await expect(rows(page).first().locator('.row-reasons li').first()).not.toBeEmpty()
  await drawn(page)
})

test('filters stand in the address, and a link shows the same', async ({ page }) => {
  await page.goto('/')
  const before = await page.locator('.total').textContent()
  await page.getByRole('group', { name: 'Kind' }).getByLabel('encounter').check()
  await expect(page).toHaveURL(/kind=encounter/)
  await expect(page.locator('.total')).not.toHaveText(before!)
  await page.getByLabel('Score from').fill('0.5')
  await page.getByLabel('Score from').press('Enter')
  await expect(page).toHaveURL(/score_min=0\.5/)
  await page.getByLabel('From (UTC)').fill('2024-01-01')
  await page.getByLabel('From (UTC)').press('Enter')
  await expect(page).toHaveURL(/since=2024-01-01T00:00:00Z/)
  await expect(page.locator('.queue-table')).not.toContainText('Nothing fits')
  const shown = await page.locator('.total').textContent()
  await page.reload()
  await expect(page.locator('.total')).toHaveText(shown!)
  await page.getByRole('button', { name: /Take away the filter kind/ }).click()
  await expect(page).not.toHaveURL(/kind=/)
})

test('what nothing fits says so and offers the way back', async ({ page }) => {
  await page.goto('/?text=no+ship+has+this+name')
  await expect(page.getByText('Nothing fits these filters.')).toBeVisible()
  await page.getByRole('button', { name: 'Take all filters away' }).click()
  await expect(rows(page).first()).toBeVisible()
})

test('the queue is worked through from the keyboard', async ({ page }) => {
  await page.goto('/?kind=encounter')
  await expect(rows(page).first()).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await expect(rows(page).nth(1)).toHaveAttribute('aria-current', 'true')
  await page.keyboard.press('k')
  await expect(rows(page).nth(0)).toHaveAttribute('aria-current', 'true')
  await page.keyboard.press('j')
  await page.keyboard.press('r')
  await expect(rows(page).nth(1).locator('.state')).toHaveText('reviewing')
  await page.keyboard.press('c')
  await expect(rows(page).nth(1).locator('.state')).toHaveText('confirmed')
  await page.keyboard.press('n')
  const dialog = page.getByRole('dialog')
  await expect(dialog).toBeVisible()
  await dialog.getByLabel('Note').fill('seen <b>twice</b>')
  await dialog.getByRole('button', { name: 'Keep' }).click()
  await expect(rows(page).nth(1).locator('.row-note')).toHaveText('seen <b>twice</b>')
  await page.keyboard.press('d')
  await expect(rows(page).nth(1).locator('.state')).toHaveText('dismissed')
  await page.reload()
  await expect(rows(page).nth(1).locator('.state')).toHaveText('dismissed')
  await expect(rows(page).nth(1).locator('.row-note')).toHaveText('seen <b>twice</b>')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('u')
  await expect(rows(page).nth(1).locator('.state')).toHaveText('new')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/event\//)
})

test('keys are letters to somebody who writes', async ({ page }) => {
  await page.goto('/?kind=encounter')
  await expect(rows(page).first()).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('/')
  await page.keyboard.type('crd')
  await expect(page.locator('#text')).toHaveValue('crd')
  await expect(rows(page).first().locator('.state')).toHaveText('new')
})

test('every export is a file', async ({ page }) => {
  await page.goto('/?kind=encounter')
  await expect(rows(page).first()).toBeVisible()
  await page.getByText('Export', { exact: true }).click()
  const links = page.locator('.menu a')
  expect(await links.count()).toBe(7)
  for (const link of await links.all()) expect(await link.getAttribute('href')).toContain('kind=encounter')
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: /^GeoJSON/ }).click()
  expect((await download).suggestedFilename()).toMatch(/geojson/)
})

test('the map narrows the queue to what it shows', async ({ page }) => {
  await page.goto('/')
  await drawn(page)
  await page.locator('.map canvas').focus()
  await page.keyboard.press('+')
  await page.waitForTimeout(800)
  await page.getByRole('button', { name: 'Only what the map shows' }).click()
  await expect(page).toHaveURL(/bbox=-?[\d.]+,-?[\d.]+,-?[\d.]+,-?[\d.]+/)
  await page.getByRole('button', { name: 'Everywhere' }).click()
  await expect(page).not.toHaveURL(/bbox/)
})

test('more events are shown when asked for', async ({ page }) => {
  await page.goto('/?flagged=all')
  await expect(rows(page).first()).toBeVisible()
  const more = page.getByRole('button', { name: 'Show 50 more' })
  test.skip(!(await more.isVisible()), 'the store has few events')
  await more.click()
  await expect.poll(() => rows(page).count()).toBeGreaterThan(50)
})

test('a case shows the tracks, and one crosshair moves all of them', async ({ page }) => {
  const event = await encounter(page)
  await page.goto(`/event/${encodeURIComponent(event.id)}`)
  await expect(page.getByRole('heading', { level: 1 })).toContainText(
    event.vessels[0]!.name ?? String(event.vessels[0]!.mmsi),
  )
  await drawn(page)
  const plots = page.locator('.plot .u-over')
  await expect(plots).toHaveCount(2)
  const instant = page.locator('.instant')
  const at = await instant.textContent()
  const box = (await plots.first().boundingBox())!
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2)
  await expect(instant).not.toHaveText(at!)
  // The crosshairs of both plots and of the timeline stand below each other.
  const xs = await page.evaluate(() => [
    ...[...document.querySelectorAll('.plot .u-cursor-x')].map((line) => line.getBoundingClientRect().right),
    document.querySelector('.time-cursor')!.getBoundingClientRect().x,
  ])
  expect(xs).toHaveLength(3)
  for (const x of xs) expect(Math.abs(x - xs[0]!)).toBeLessThan(2)
  await expect(page.locator('.readout')).toContainText('kn')
  // And a link leads to the same instant.
  await expect(page).toHaveURL(/at=\d{4}-\d\d-\d\dT/)
  const linked = await instant.textContent()
  await page.reload()
  await expect(instant).toHaveText(linked!)
})

test('a case plays back, by button and by space, at every speed', async ({ page }) => {
  const event = await encounter(page)
  await page.goto(`/event/${encodeURIComponent(event.id)}`)
  await drawn(page)
  const slider = page.getByRole('slider', { name: 'Instant' })
  await slider.focus()
  await page.keyboard.press('Home')
  const speeds = page.getByLabel('Times as fast as it was')
  expect(await speeds.locator('option').allTextContents()).toEqual([
    '1×',
    '10×',
    '60×',
    '300×',
    '600×',
    '1800×',
    '3600×',
  ])
  await speeds.selectOption('3600')
  const began = Number(await slider.inputValue())
  await page.getByRole('button', { name: 'Play' }).click()
  await page.waitForTimeout(1000)
  await page.getByRole('button', { name: /Pause|Play/ }).click()
  const ended = Number(await slider.inputValue())
  expect(ended - began).toBeGreaterThan(900)
  await page.locator('h1').focus()
  await page.keyboard.press('Home')
  await slider.focus()
  await page.keyboard.press('Home')
  await speeds.selectOption('1')
  await page.locator('h1').focus()
  await page.keyboard.press(' ')
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible()
  await page.keyboard.press(' ')
  await expect(page.getByRole('button', { name: 'Play' })).toBeVisible()
})

test('hulls are drawn where the ships are', async ({ page }) => {
  const event = await encounter(page)
  await page.goto(`/event/${encodeURIComponent(event.id)}`)
  await drawn(page)
  await page.getByRole('button', { name: 'Hulls' }).click()
  // Both colours of the ships are in the picture, in the middle of which the hulls are.
  await expect
    .poll(
      async () => {
        const picture = await page.locator('.map').screenshot()
        return page.evaluate(
          async (bytes) => {
            const image = await createImageBitmap(new Blob([new Uint8Array(bytes)]))
            const canvas = new OffscreenCanvas(image.width, image.height)
            const context = canvas.getContext('2d')!
            context.drawImage(image, 0, 0)
            const { data } = context.getImageData(image.width / 4, 0, image.width / 2, image.height)
            let [blue, orange] = [0, 0]
            for (let at = 0; at < data.length; at += 4) {
              const [r, , b] = [data[at]!, data[at + 1]!, data[at + 2]!]
              if (b > r + 60) blue += 1
              if (r > b + 60) orange += 1
            }
            return Math.min(blue, orange)
          },
          [...picture],
        )
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(500)
})

test('a case is reviewed, and links to its vessels', async ({ page }) => {
  const event = await encounter(page)
  await page.goto(`/event/${encodeURIComponent(event.id)}`)
  await page.getByLabel('reviewing').check()
  await page.getByLabel('Note').fill('to be looked at')
  await page.getByRole('button', { name: 'Keep' }).click()
  await expect(page.locator('.case-sub .state')).toHaveText('reviewing')
  await page.reload()
  await expect(page.getByLabel('Note')).toHaveValue('to be looked at')
  await page.getByLabel('new', { exact: true }).check()
  await page.getByRole('button', { name: 'Keep' }).click()
  await expect(page.locator('.case-sub .state')).toHaveText('new')
  await page.locator('table.compare thead a').first().click()
  await expect(page).toHaveURL(new RegExp(`/vessel/${event.vessels[0]!.mmsi}`))
  await expect(page.getByRole('heading', { name: 'Identities' })).toBeVisible()
  await page.goBack()
  await expect(page).toHaveURL(/\/event\//)
})

test('an event without tracks shows its place', async ({ page }) => {
  const answer = await page.request.get('/api/events?kind=gap,loitering&limit=1')
  const [event] = ((await answer.json()) as { events: { id: string }[] }).events
  test.skip(!event, 'the store has none')
  await page.goto(`/event/${encodeURIComponent(event!.id)}`)
  await drawn(page)
  await expect(page.getByText('No track is kept of this event')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Figures' })).toBeVisible()
})

test('the address of no event says so', async ({ page }) => {
  await page.goto('/event/no-such-event')
  await expect(page.getByRole('alert')).toContainText('no-such-event')
  faults = faults.filter((fault) => !fault.includes('404'))
})

test('a vessel shows its identities, its events and whom it met', async ({ page }) => {
  const event = await encounter(page)
  await page.goto(`/vessel/${event.vessels[0]!.mmsi}`)
  await expect(page.locator('svg.graph a').first()).toBeVisible()
  await page.getByLabel('Steps away').selectOption('2')
  await expect(page).toHaveURL(/depth=2/)
  await page.getByRole('region', { name: 'Events of this vessel' }).getByRole('link').first().click()
  await expect(page).toHaveURL(/\/event\//)
})

test('vessels are found by name', async ({ page }) => {
  const event = await encounter(page)
  const vessel = event.vessels[0]!
  await page.goto('/vessels')
  await page.getByLabel('Name, callsign, MMSI or IMO').fill(String(vessel.mmsi))
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/text=/)
  await expect(page.locator('table.short tbody tr')).toHaveCount(1)
  await page.locator('table.short tbody a').first().click()
  await expect(page).toHaveURL(new RegExp(`/vessel/${vessel.mmsi}$`))
})

test('the network is narrowed and leads to vessels', async ({ page }) => {
  await page.goto('/network')
  await expect(page.locator('svg.graph a').first()).toBeVisible()
  await page.getByLabel('Score from').fill('0.8')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/score_min=0\.8/)
  await page.locator('svg.graph a').first().focus()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/vessel\//)
})

test('a watchlist is pasted, marks events and is deleted', async ({ page }) => {
  const event = await encounter(page)
  page.on('dialog', (dialog) => dialog.accept())
  await page.goto('/lists')
  await page.getByLabel('Name of the list').fill('mine')
  await page
    .getByLabel(/Ships: CSV/)
    .fill(
      `mmsi,imo,name\n${event.vessels[0]!.mmsi},${(event.vessels[0] as { imo?: number }).imo ?? ''},${event.vessels[0]!.name ?? ''}\n`,
    )
  await page.getByRole('button', { name: 'Keep the list' }).click()
  await page.getByRole('link', { name: 'mine' }).click()
  await expect(page).toHaveURL(/watchlist=mine/)
  await expect(rows(page).first()).toBeVisible()
  await page.goto('/lists')
  await page.getByRole('button', { name: 'Delete the watchlist mine' }).click()
  await expect(page.getByRole('link', { name: 'mine' })).toHaveCount(0)
})

test('a watchlist is read from a file', async ({ page }) => {
  await page.goto('/lists')
  await page
    .getByLabel('or from a file')
    .setInputFiles({ name: 'tankers.csv', mimeType: 'text/csv', buffer: Buffer.from('imo,name\n9123456,EXAMPLE\n') })
  await expect(page.getByLabel('Name of the list')).toHaveValue('tankers')
  await expect(page.getByLabel(/Ships: CSV/)).toHaveValue(/9123456/)
})

test('a zone is drawn, filters the queue and is deleted', async ({ page }) => {
  page.on('dialog', (dialog) => dialog.accept())
  await page.goto('/lists')
  await drawn(page)
  await page.getByRole('button', { name: 'Draw a zone' }).click()
  const box = (await page.locator('.zone-map .map').boundingBox())!
  for (const [x, y] of [
    [0.03, 0.1],
    [0.9, 0.1],
    [0.9, 0.8],
    [0.03, 0.8],
  ] as const) {
    await page.mouse.click(box.x + box.width * x, box.y + box.height * y)
    await page.waitForTimeout(400)
  }
  await expect(page.getByLabel(/Corners, one a line/)).toHaveValue(/^(-?[\d.]+, -?[\d.]+\n?){4}$/)
  await page.getByLabel('Name of the zone').fill('drawn')
  await page.getByRole('button', { name: 'Keep the zone' }).click()
  await page.getByRole('link', { name: 'drawn', exact: true }).click()
  await expect(page).toHaveURL(/zone=drawn/)
  await expect(page.locator('.total')).toContainText('event')
  await page.goto('/lists')
  await page.getByRole('button', { name: 'Delete the zone drawn' }).click()
  await expect(page.getByRole('link', { name: 'drawn', exact: true })).toHaveCount(0)
})

test('another threshold shows what would appear and vanish, by a link too', async ({ page }) => {
  await page.goto('/what-if')
  await page.getByLabel('No farther apart than').fill('40')
  await page.getByRole('button', { name: 'Show' }).click()
  await expect(page.locator('.total')).toContainText('would vanish')
  await expect(page).toHaveURL(/=40/)
  const said = await page.locator('.total').textContent()
  await page.reload()
  await expect(page.locator('.total')).toHaveText(said!)
})

test('the feeds say what comes in and what is stored', async ({ page }) => {
  await page.goto('/health')
  await expect(page.getByRole('heading', { name: 'Store' })).toBeVisible()
})

test('light and dark can be chosen and are kept', async ({ page }) => {
  await page.goto('/health')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
  await page.getByRole('button', { name: 'Dark' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
})

test('links open in place, move the focus and name the window', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('link', { name: 'Feeds' }).click()
  await expect(page).toHaveTitle('Feeds · Alongside')
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused()
  await page.goBack()
  await expect(page).toHaveTitle('Queue · Alongside')
})

test('names that would do harm are shown as text', { tag: '@mock' }, async ({ page }) => {
  test.skip(!mock, 'the mock has such names')
  await page.goto('/?text=999000001')
  const link = rows(page).first().locator('.row-link')
  await expect(link).toContainText('<SCRIPT SRC=//X.CO>')
  await expect(link).toContainText('=HYPERLINK("//X.Y")⟨U+202E⟩EVIL␇')
  await expect(rows(page).first()).toContainText('<img src=x onerror=document.title="owned">')
  await link.click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('<SCRIPT SRC=//X.CO>')
  await expect(page.locator('.explanation')).toContainText('⟨U+202E⟩')
  await page.goto('/vessel/999000002')
  await expect(page.getByRole('heading', { level: 1 })).toContainText('⟨U+202E⟩EVIL␇')
  expect(await page.locator('script[src*="X.CO"], img[src="x"]').count()).toBe(0)
  expect(await page.title()).not.toContain('owned')
})

test('a new event is announced and shown when asked for', { tag: '@mock' }, async ({ page }) => {
  test.skip(!mock, 'the mock tells when it is asked to')
  await page.goto('/')
  await expect(rows(page).first()).toBeVisible()
  await expect
    .poll(async () => {
      await page.request.get('/api/mock/tell')
      return page.locator('.fresh').count()
    })
    .toBe(1)
  await page.locator('.fresh').click()
  await expect(page.locator('.fresh')).toHaveCount(0)
})

test('without a dossier the page says why', { tag: '@mock' }, async ({ page }) => {
  test.skip(!mock, 'the mock never has one')
  const event = await encounter(page)
  await page.goto(`/event/${encodeURIComponent(event.id)}`)
  await page.getByRole('button', { name: 'Dossier (zip)' }).click()
  await expect(page.getByRole('alert')).toContainText('raw sentences')
  faults = faults.filter((fault) => !fault.includes('501'))
})

test('behind a login nothing is shown before it', { tag: '@mock' }, async ({ page }) => {
  test.skip(!mock, 'the mock has a server behind a login')
  await page.goto('http://127.0.0.1:8793/')
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible()
  await page.getByLabel('User').fill('analyst')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('alert')).toContainText('wrong')
  await page.getByLabel('Password').fill('secret')
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(rows(page).first()).toBeVisible()
  await page.getByRole('button', { name: 'Log out' }).click()
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible()
  faults = faults.filter((fault) => !fault.includes('401'))
})

// How fast the page is with fifty thousand events, with SPEED=1: figures to be read, for they depend on the machine. The
// picture is drawn by the processor here (SwiftShader), which a graphics card does many times faster.

import { expect, type Page, test } from '@playwright/test'

test.skip(!process.env.SPEED, 'SPEED is not set')

/** How long the page's own thread has worked, in milliseconds of the processor, whatever else the machine does. */
async function worked(page: Page): Promise<() => Promise<number>> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  return async () =>
    (await cdp.send('Performance.getMetrics')).metrics.find((metric) => metric.name === 'TaskDuration')!.value * 1000
}

const server = process.env.SPEED_URL ?? 'http://127.0.0.1:8792'

test('first content with 50,000 events', async ({ browser }) => {
  const times: number[] = []
  const work: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    const busy = await worked(page)
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector('table.events tbody tr')) return
        observer.disconnect()
        requestAnimationFrame(() => ((window as unknown as { shown: number }).shown = performance.now()))
      }).observe(document, { childList: true, subtree: true })
    })
    await page.goto(server)
    await page.waitForFunction(() => (window as unknown as { shown?: number }).shown)
    work.push(await busy())
    times.push(await page.evaluate(() => (window as unknown as { shown: number }).shown))
    await context.close()
  }
  console.log(
    `first rows of the queue after ${times.map((time) => Math.round(time)).join(', ')} ms, the page itself worked ${work.map((time) => Math.round(time)).join(', ')} ms of it (a new browser profile each)`,
  )
})

test('the map with 50,000 events is moved', async ({ page }) => {
  test.setTimeout(240_000)
  await page.goto(server)
  await expect(page.locator('.map canvas')).toBeVisible({ timeout: 30_000 })
  await page.waitForTimeout(8000)
  const box = (await page.locator('.queue-map .map').boundingBox())!
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  const busy = await worked(page)
  const record = async (what: string, act: () => Promise<void>) => {
    const before = await busy()
    await page.evaluate(() => {
      const frames: number[] = []
      let before = performance.now()
      const state = { frames, stop: false }
      ;(window as unknown as { record: typeof state }).record = state
      requestAnimationFrame(function step(now) {
        frames.push(now - before)
        before = now
        if (!state.stop) requestAnimationFrame(step)
      })
    })
    await act()
    const work = (await busy()) - before
    const frames = await page.evaluate(() => {
      const { record } = window as unknown as { record: { frames: number[]; stop: boolean } }
      record.stop = true
      return record.frames.slice(1)
    })
    const sorted = [...frames].sort((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!.toFixed(0)
    console.log(
      `${what}: ${frames.length} frames, ${at(0.5)} ms in the median, ${at(0.95)} ms at 95 %, ${at(1)} ms at the longest; the page itself worked ${(work / frames.length).toFixed(1)} ms a frame, the rest is drawing`,
    )
  }
  await record('pan', async () => {
    await page.mouse.move(x, y)
    await page.mouse.down()
    for (let step = 0; step < 90; step += 1) {
      await page.mouse.move(x + 120 * Math.sin(step / 8), y + 80 * Math.sin(step / 5))
      await page.waitForTimeout(16)
    }
    await page.mouse.up()
  })
  await record('zoom', async () => {
    for (const direction of [-1, 1]) {
      for (let step = 0; step < 30; step += 1) {
        await page.mouse.wheel(0, direction * 60)
        await page.waitForTimeout(33)
      }
    }
  })
})

// Not a test of anything by itself: pictures of every screen to be looked at, with SCREENSHOTS=1.

import { test } from '@playwright/test'
import { cases } from './cases'

test.skip(!process.env.SCREENSHOTS, 'SCREENSHOTS is not set')

for (const theme of ['light', 'dark'] as const) {
  for (const [width, height, size] of [
    [1440, 900, 'wide'],
    [400, 860, 'narrow'],
  ] as const) {
    test(`${theme} ${size}`, async ({ browser, baseURL }) => {
      test.setTimeout(240_000)
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, baseURL })
      const page = await context.newPage()
      for (const [name, path] of await cases(page)) {
        await page.goto(path)
        await page.waitForLoadState('load')
        await page.locator('.loading').first().waitFor({ state: 'detached' })
        await page.waitForTimeout(name === 'queue' || name.startsWith('case') ? 3500 : 1200)
        await page.screenshot({ path: `screenshots/${name}-${theme}-${size}.png`, fullPage: name.startsWith('case') })
      }
      await context.close()
    })
  }
}

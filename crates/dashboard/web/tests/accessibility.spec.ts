// Every screen as axe sees it, beside the other tests: it takes as long as all of them.

import AxeBuilder from '@axe-core/playwright'
import { expect, type Page, test } from '@playwright/test'
import { cases, drawn } from './cases'

async function seriousFaults(page: Page, name: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter((fault) => fault.impact === 'serious' || fault.impact === 'critical')
    .map((fault) => `${name}: ${fault.id}: ${fault.nodes.map((node) => node.target.join(' ')).join(', ')}`)
}

for (const [theme, width] of [
  ['light', 1440],
  ['dark', 1440],
  ['light', 400],
] as const) {
  test.describe(`${theme}, ${width} pixels wide`, () => {
    test.use({ colorScheme: theme, viewport: { width, height: 900 } })

    test('axe finds no serious fault on any screen', async ({ page }) => {
      test.setTimeout(240_000)
      const found: string[] = []
      for (const [name, path] of await cases(page)) {
        await page.goto(path)
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        await page.locator('.loading').first().waitFor({ state: 'detached' })
        if (name === 'queue' || name.startsWith('case')) await drawn(page)
        found.push(...(await seriousFaults(page, name)))
      }
      expect(found).toEqual([])
    })

    test('axe finds no serious fault before a login', { tag: '@mock' }, async ({ page }) => {
      test.skip(!!process.env.ALONGSIDE_URL, 'the store needs no login')
      await page.goto('http://127.0.0.1:8793/')
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      expect(await seriousFaults(page, 'login')).toEqual([])
    })
  })
}

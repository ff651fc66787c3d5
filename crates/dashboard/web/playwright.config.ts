import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'

// The system's Chromium: Playwright's own would be a download of another 150 MB.
const executablePath =
  process.env.CHROMIUM ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))

export default defineConfig({
  testDir: 'tests',
  timeout: 120_000,
  // A machine that draws maps by its processor, and does other things besides, takes its time.
  expect: { timeout: 30_000 },
  // Files beside each other, the tests of one file after each other: they change lists and reviews of one store.
  fullyParallel: false,
  // Figures are taken, and pictures, with nobody else at it.
  workers: process.env.SPEED || process.env.SCREENSHOTS ? 1 : 2,
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    baseURL: process.env.ALONGSIDE_URL ?? 'http://127.0.0.1:8791',
    viewport: { width: 1440, height: 900 },
    timezoneId: 'America/New_York',
    launchOptions: { executablePath, args: ['--no-sandbox', '--enable-unsafe-swiftshader', '--use-angle=swiftshader'] },
  },
  webServer: {
    command: 'node dev/mock.mjs',
    url: 'http://127.0.0.1:8793/api/session',
    reuseExistingServer: true,
    timeout: 120_000,
  },
})

import { defineConfig } from 'vitest/config'

// `npm run dev` asks the server named here for everything under /api: `alongside serve`, or the mock.
const server = process.env.ALONGSIDE_URL ?? 'http://127.0.0.1:8791'

export default defineConfig({
  build: {
    target: 'es2022',
    // Inlined assets would be data: addresses, which the policy of the page refuses for anything but pictures.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
  server: { proxy: { '/api': { target: server, changeOrigin: false } } },
  test: { include: ['src/**/*.test.ts'] },
})

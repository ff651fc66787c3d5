import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

// `npm run dev` asks the server named here for everything under /api: `alongside serve`, or the mock.
const server = process.env.ALONGSIDE_URL ?? 'http://127.0.0.1:8791'

/** What is built in is passed on with the program, and so are its licences: as a page of their own, to the page links. */
function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    generateBundle() {
      const packages = new Set<string>()
      for (const id of this.getModuleIds()) {
        const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id.replaceAll('\\', '/').split('?')[0]!)
        if (found) packages.add(found[0])
      }
      const texts = [...packages].sort().map((folder) => {
        const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
          string,
          string
        >
        const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
        return `${name} ${version} (${license})\n\n${file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim() : ''}\n`
      })
      const text = texts
        .join(`\n${'-'.repeat(80)}\n\n`)
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
      const source = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Licences</title><h1>Licences of what is built in</h1><pre>${text}</pre>`
      this.emitFile({ type: 'asset', fileName: 'licences.html', source })
    },
  }
}

export default defineConfig({
  plugins: [licences()],
  build: {
    target: 'es2022',
    // Inlined assets would be data: addresses, which the policy of the page refuses for anything but pictures.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
  server: { proxy: { '/api': { target: server, changeOrigin: false } } },
  // The built page before a server that was built without it, under the policy that the program gives it.
  preview: {
    proxy: { '/api': { target: server, changeOrigin: false } },
    headers: {
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    },
  },
  test: { include: ['src/**/*.test.ts'] },
})

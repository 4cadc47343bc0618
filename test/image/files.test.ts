import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { packagePath, packageVersion } from '../../src/package.ts'

const read = (path: string): string => readFileSync(packagePath(path), 'utf8')

describe('the image', () => {
  it('has the version of the package, in its label and in every tag that the documents name', () => {
    expect(read('Dockerfile')).toContain(`\nARG VERSION=${packageVersion}\n`)
    for (const file of ['Dockerfile', 'apptainer.def', 'docs/containers.md']) {
      const tags = [...read(file).matchAll(/chemherm:(\S+?)-(?:cpu|cuda)\b/g)].map(([, version]) => version)
      expect(tags.length, file).toBeGreaterThan(0)
      expect(new Set(tags), file).toEqual(new Set([packageVersion]))
    }
  })

  it('copies only what the .dockerignore lets through', () => {
    const let_ = read('.dockerignore').split('\n')
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, paths]) =>
      paths!.split(' '),
    )
    expect(copied.length).toBeGreaterThan(8)
    for (const path of copied) {
      expect(existsSync(packagePath(path)), path).toBe(true)
      expect(let_, path).toContain(`!${path.split('/')[0]}`)
    }
  })

  it('is made of pinned images, and runs as a numbered user', () => {
    const text = read('Dockerfile')
    expect(text).toMatch(/^ARG BASE=docker\.io\/library\/node:\d+\.\d+\.\d+-bookworm-slim$/m)
    expect([...text.matchAll(/^USER (.*)$/gm)].map(([, user]) => user).at(-1)).toBe('10001:0')
  })
})

/** The health check as the image calls it, but for the container's first process, which here is not ours. */
const check = (url: string): Promise<{ code: number; stdout: string }> =>
  new Promise((done) => {
    const env = { ...process.env, CHEMHERM_HEALTH_URL: url }
    execFile(process.execPath, [packagePath('scripts/healthcheck.mjs')], { env }, (error, stdout) =>
      done({ code: error === null ? 0 : 1, stdout }),
    )
  })

describe('scripts/healthcheck.mjs', () => {
  it('is well where the server answers 200, and not where it answers 503 or is not there', async () => {
    let status = 200
    const server = createServer((_, response) => response.writeHead(status).end())
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`
    expect(await check(url)).toEqual({ code: 0, stdout: `${url}: 200\n` })
    status = 503
    expect(await check(url)).toEqual({ code: 1, stdout: `${url}: 503\n` })
    await new Promise((done) => server.close(done))
    const gone = await check(url)
    expect(gone.code).toBe(1)
    expect(gone.stdout).toContain('ECONNREFUSED')
  })
})

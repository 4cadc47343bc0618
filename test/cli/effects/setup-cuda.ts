import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import type { OPTIONS } from '../../../scripts/setup-cuda.ts'
import { cudaPackages } from '../../../src/hub/cuda-wheels.ts'
import { ortVersion } from '../../../src/model/device-libraries.ts'
import { packageVersion } from '../../../src/package.ts'
import { call, type Done, type Env } from '../../command.ts'
import { all, type Rows } from './shown.ts'

const PACKAGES = cudaPackages(ortVersion, { nvidia: true, cudnn: true })

/** A package index that lists all that is wanted, and holds none of it. */
async function withIndex(use: (index: string, asked: readonly string[]) => Promise<void>): Promise<void> {
  const asked: string[] = []
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const wanted = PACKAGES.find(({ name }) => request.url === `/simple/${name}/`)
    if (wanted === undefined) return void response.writeHead(404).end()
    const filename = `${wanted.name.replaceAll('-', '_')}-${wanted.version}-py3-none-manylinux_2_27_x86_64.whl`
    const files = [{ filename, url: `../../files/${filename}`, hashes: { sha256: 'a'.repeat(64) }, size: 1_000_000 }]
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json').end(JSON.stringify({ files }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`, asked)
  } finally {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
}
const set = (args: readonly string[], env: Env = {}): Promise<Done> => call('setup-cuda', args, env)

/** The wheels that a dry run lists, as packages; elsewhere than on Linux on x64 it is refused. */
const lists =
  (args: readonly string[], count: number, says = '') =>
  (): Promise<void> =>
    withIndex(async (index, asked) => {
      const done = await set(['--dry-run', '--index-url', index, ...args])
      if (process.platform !== 'linux' || process.arch !== 'x64') return expect(done.code).toBe(6)
      expect(done.code, done.stderr).toBe(0)
      expect(done.stdout.match(/\.whl/g)).toHaveLength(count)
      expect(asked).toHaveLength(count)
      expect(done.stderr).toBe(says)
    })

export const SETUP_ROWS: Rows<keyof typeof OPTIONS> = {
  'dry-run': lists([], PACKAGES.length),
  'skip-nvidia': lists(['--skip-nvidia'], 1),
  'skip-cudnn': all(
    lists(['--skip_cudnn'], PACKAGES.length - 1),
    lists(
      ['--skip-cudnn', '--skip-nvidia'],
      1,
      "setup-cuda: warning: --skip-cudnn changes nothing here: --skip-nvidia leaves out all of NVIDIA's libraries, cuDNN too\n",
    ),
  ),
  'index-url': all(lists([], PACKAGES.length), async () => {
    for (const url of ['', 'ftp://nowhere'])
      expect((await set(['--dry-run', '--index-url', url])).code).toBe(
        process.platform === 'linux' || url === '' ? 2 : 6,
      )
  }),
  check: async () => {
    const done = await set(['--check', '--dry-run'])
    // where CUDA is set up, it says so
    if (done.code === 0) expect(done.stdout).toContain('CUDA works')
    else expect(done).toMatchObject({ code: 6, stdout: '' })
    expect(done.stderr).toContain('--dry-run changes nothing here: --check fetches nothing')
  },
  version: async () => {
    expect(await set(['--version'])).toMatchObject({ code: 0, stdout: `${packageVersion}\n`, stderr: '' })
  },
  help: async () => {
    const done = await set(['--help'])
    expect(done).toMatchObject({ code: 0 })
    for (const name of ['dry-run', 'skip-nvidia', 'skip-cudnn', 'index-url', 'check', 'help'])
      expect(done.stdout).toContain(`--${name}`)
  },
}

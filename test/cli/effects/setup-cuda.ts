import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { expect } from 'vitest'
import type { OPTIONS } from '../../../scripts/commands/setup-cuda.ts'
import { cudaPackages } from '../../../src/hub/cuda-wheels.ts'
import { ortVersion, PROVIDER_FILES } from '../../../src/model/device-libraries.ts'
import { packagePath, packageVersion } from '../../../src/package.ts'
import { call, type Done, type Env, startFile } from '../../command.ts'
import { all, type Rows } from './shown.ts'

const PACKAGES = cudaPackages(ortVersion, { nvidia: true, cudnn: true })

/** The provider's wheel, with libraries that are none. */
const WHEEL = zipSync(Object.fromEntries(PROVIDER_FILES.map((name) => [`onnxruntime/capi/${name}`, strToU8('no ELF')])))

/** A package index that lists all that is wanted, and holds of it WHEEL alone. */
async function withIndex(use: (index: string, asked: readonly string[]) => Promise<void>): Promise<void> {
  const asked: string[] = []
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (request.url?.startsWith('/files/onnxruntime_gpu')) return void response.end(WHEEL)
    const wanted = PACKAGES.find(({ name }) => request.url === `/simple/${name}/`)
    if (wanted === undefined) return void response.writeHead(404).end()
    const filename = `${wanted.name.replaceAll('-', '_')}-${wanted.version}-py3-none-manylinux_2_27_x86_64.whl`
    const sha256 = createHash('sha256').update(WHEEL).digest('hex')
    const files = [{ filename, url: `../../files/${filename}`, hashes: { sha256 }, size: WHEEL.length }]
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

const BINDING = 'onnxruntime-node/bin/napi-v6/linux/x64'

/** An installation of its own, beside whose ONNX Runtime the provider may be put. */
async function installed(use: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'chemherm-setup-'))
  const [own, others] = [join(root, 'node_modules'), packagePath('node_modules')]
  try {
    mkdirSync(join(own, 'onnxruntime-node'), { recursive: true })
    cpSync(packagePath('dist'), join(root, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.map') })
    cpSync(packagePath('package.json'), join(root, 'package.json'))
    for (const part of ['package.json', 'dist'])
      cpSync(join(others, 'onnxruntime-node', part), join(own, 'onnxruntime-node', part), { recursive: true })
    const [bin, theirs] = [join(own, BINDING), join(others, BINDING)]
    mkdirSync(bin, { recursive: true })
    const provider: readonly string[] = PROVIDER_FILES
    for (const name of readdirSync(theirs).filter((name) => !provider.includes(name)))
      symlinkSync(join(theirs, name), join(bin, name))
    for (const name of readdirSync(others).filter((name) => name !== 'onnxruntime-node' && !name.startsWith('.')))
      symlinkSync(join(others, name), join(own, name))
    await use(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Libraries that are none are put beside ONNX Runtime, untried. */
const fetchesUnchecked = async (): Promise<void> => {
  if (process.platform !== 'linux' || process.arch !== 'x64') return
  await withIndex((index) =>
    installed(async (root) => {
      const args = ['--skip-nvidia', '--skip-check', '--index-url', index]
      const env = { CHEMHERM_CUDA_DIR: join(root, 'cuda') }
      // the check would end in 6: these are no libraries
      const done = await startFile(join(root, 'dist/scripts/setup-cuda.js'), args, env).done
      expect(done, done.stderr).toMatchObject({ code: 0 })
      expect(done.stdout).toContain('not tried: chemherm setup-cuda --check')
      for (const name of PROVIDER_FILES) expect(existsSync(join(root, 'node_modules', BINDING, name))).toBe(true)
    }),
  )
}

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
  'skip-check': all(
    fetchesUnchecked,
    lists(
      ['--skip-check'],
      PACKAGES.length,
      'setup-cuda: warning: --skip-check changes nothing here: --dry-run fetches nothing to compute with\n',
    ),
    async () => {
      expect(await set(['--check', '--skip-check'])).toMatchObject({ code: 2 })
    },
  ),
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
    for (const name of ['dry-run', 'skip-nvidia', 'skip-cudnn', 'index-url', 'skip-check', 'check', 'help'])
      expect(done.stdout).toContain(`--${name}`)
  },
}

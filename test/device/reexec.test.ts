import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cudaEnvironment } from '../../src/model/device-env.ts'
import { CUDA_PROVIDER, cudaLibraryFolders } from '../../src/model/device-libraries.ts'
import { builtUrl } from '../../src/package.ts'

let dir: string
let providers: string
let cuda: string
let pip: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'reexec-'))
  providers = join(dir, 'providers')
  cuda = join(dir, 'cuda')
  pip = join(dir, 'site-packages', 'nvidia')
  for (const folder of [
    providers,
    join(cuda, 'lib'),
    join(pip, 'cublas', 'lib'),
    join(pip, 'cudnn', 'lib'),
    join(pip, 'empty', 'lib'),
  ])
    mkdirSync(folder, { recursive: true })
  writeFileSync(join(providers, CUDA_PROVIDER), '')
  writeFileSync(join(cuda, 'lib', 'libcudart.so.13'), '')
  writeFileSync(join(pip, 'cublas', 'lib', 'libcublas.so.13'), '')
  writeFileSync(join(pip, 'cudnn', 'lib', 'libcudnn.so.9'), '')
})
afterAll(() => rmSync(dir, { recursive: true }))

describe.runIf(process.platform === 'linux')('cudaEnvironment', () => {
  const env = () => ({ CHEMHERM_CUDA_DIR: cuda, LD_LIBRARY_PATH: '/usr/own', NVIDIA_TF32_OVERRIDE: '0' })
  const ready = () => ({ ...env(), LD_LIBRARY_PATH: join(cuda, 'lib') })
  it("puts setup:cuda's libraries before the user's", () => {
    expect(cudaEnvironment('cuda:1', 'fp32', env(), providers)).toMatchObject({
      LD_LIBRARY_PATH: [join(cuda, 'lib'), '/usr/own'].join(delimiter),
      CHEMHERM_REEXEC: '1',
    })
  })
  it('finds the parts of a Python tree, those that hold libraries', () => {
    const given = { ...env(), CHEMHERM_CUDA_LIBS: `${pip}${delimiter}/none` }
    expect(cudaLibraryFolders(given)).toEqual([
      join(cuda, 'lib'),
      join(pip, 'cublas', 'lib'),
      join(pip, 'cudnn', 'lib'),
    ])
    expect(cudaLibraryFolders({ ...given, CHEMHERM_CUDA_LIBS: join(pip, 'cudnn', 'lib') })).toEqual([
      join(cuda, 'lib'),
      join(pip, 'cudnn', 'lib'),
    ])
  })
  it('leaves the process alone where nothing is to be gained', () => {
    expect(cudaEnvironment('cpu', 'fp32', env(), providers)).toBeNull()
    expect(cudaEnvironment('webgpu', 'fp32', env(), providers)).toBeNull()
    expect(cudaEnvironment('cuda', 'fp32', env(), join(dir, 'none'))).toBeNull()
    expect(
      cudaEnvironment('cuda', 'fp32', { CHEMHERM_CUDA_DIR: join(dir, 'none'), NVIDIA_TF32_OVERRIDE: '0' }, providers),
    ).toBeNull()
    expect(cudaEnvironment('cuda', 'fp32', ready(), providers)).toBeNull()
  })
  it('forbids TF32 unless it is asked for by name, whatever the user has set', () => {
    const { NVIDIA_TF32_OVERRIDE: _, ...open } = ready()
    for (const own of [{}, { NVIDIA_TF32_OVERRIDE: '1' }, { NVIDIA_TF32_OVERRIDE: '' }])
      expect(cudaEnvironment('cuda', 'fp32', { ...open, ...own }, providers)).toEqual({
        ...open,
        NVIDIA_TF32_OVERRIDE: '0',
        CHEMHERM_REEXEC: '1',
      })
    expect(cudaEnvironment('cuda', 'tf32', open, providers)).toBeNull()
    // the probe refuses this one: TF32 is asked for and forbidden
    expect(cudaEnvironment('cuda', 'tf32', ready(), providers)).toBeNull()
    expect(cudaEnvironment('cuda', 'tf32', { ...open, LD_LIBRARY_PATH: '' }, providers)).toEqual({
      ...open,
      CHEMHERM_REEXEC: '1',
    })
  })
  it('happens once', () => {
    const second = cudaEnvironment('cuda', 'fp32', env(), providers)
    expect(cudaEnvironment('cuda', 'fp32', { ...second, LD_LIBRARY_PATH: '' }, providers)).toBeNull()
  })
})

describe('runInstead', () => {
  /** Runs `child` under a parent that calls the compiled runInstead; resolves with what came out. */
  function run(child: string, onOutput: (text: string, pid: number) => void = () => {}) {
    const childFile = join(dir, `child-${count}.mjs`)
    const parentFile = join(dir, `parent-${count++}.mjs`)
    writeFileSync(childFile, child)
    writeFileSync(
      parentFile,
      `import { runInstead } from ${JSON.stringify(builtUrl('src/model/device-env.ts').href)}
       await runInstead([${JSON.stringify(childFile)}, 'one', 'two'], { ...process.env, LD_LIBRARY_PATH: '/cuda', CHEMHERM_REEXEC: '1' })
       console.log('never')`,
    )
    const parent = spawn(process.execPath, [parentFile], { stdio: ['pipe', 'pipe', 'inherit'] })
    parent.stdin.end('from stdin')
    let output = ''
    parent.stdout.on('data', (chunk: Buffer) => {
      output += chunk
      onOutput(output, parent.pid!)
    })
    return new Promise<{ code: number | null; output: string }>((done) =>
      parent.on('exit', (code) => done({ code, output })),
    )
  }
  let count = 0

  it('passes arguments, environment, standard streams and the exit code', async () => {
    const { code, output } = await run(`
      import { readFileSync } from 'node:fs'
      console.log(process.argv.slice(2).join(), process.env.LD_LIBRARY_PATH, process.env.CHEMHERM_REEXEC, readFileSync(0, 'utf8'))
      process.exitCode = 4`)
    expect(output).toBe('one,two /cuda 1 from stdin\n')
    expect(code).toBe(4)
  })
  it.each(['SIGINT', 'SIGTERM'] as const)('passes %s on and waits for the end', async (signal) => {
    const { code, output } = await run(
      `process.on('${signal}', () => { console.log('kept'); setTimeout(() => process.exit(130), 50) })
       console.log('ready'); setInterval(() => {}, 1000)`,
      (text, pid) => text === 'ready\n' && process.kill(pid, signal),
    )
    expect(output).toBe('ready\nkept\n')
    expect(code).toBe(130)
  })
  it('gives 128 + the signal that killed the child', async () => {
    const { code } = await run(`process.kill(process.pid, 'SIGKILL')`)
    expect(code).toBe(137)
  })
})

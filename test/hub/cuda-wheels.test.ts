import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DataError, DeviceError, NetworkError, UsageError } from '../../src/errors.ts'
import { type CudaPackage, cudaPackages, findCudaWheel, installCudaWheel } from '../../src/hub/cuda-wheels.ts'

/** A wheel: two libraries, one that is not wanted, and a path that would leave the folder. */
const wheel = Buffer.from(
  zipSync(
    {
      'nvidia/cudnn/lib/libcudnn.so.9': strToU8('library'),
      'nvidia/cudnn/lib/libcudnn_ops.so.9': strToU8('x'.repeat(5000)),
      'nvidia/cudnn/include/cudnn.h': strToU8('header'),
      'nvidia/../../libcudnn_evil.so.9': strToU8('evil'),
    },
    { level: 0 },
  ),
)
const sha256 = createHash('sha256').update(wheel).digest('hex')
const FILE = 'nvidia_cudnn_cu13-9.19.0.56-py3-none-manylinux_2_27_x86_64.whl'
const cudnn = cudaPackages('1.30.0', { nvidia: true, cudnn: true }).at(-1) as CudaPackage
const patience = { timeoutMs: 60_000, retries: 1, retryMinMs: 5 }

let server: Server
let index: string
let folder: string
/** What the pretended index does for this test. */
let page: (response: ServerResponse) => void
let body: Buffer
let cutAfter: number | null
let requests: string[]
beforeAll(async () => {
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url} ${request.headers.range ?? ''}`.trim())
    if (request.url === '/simple/nvidia-cudnn-cu13/') return page(response)
    if (!request.url?.startsWith('/files/')) return void response.writeHead(404).end()
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': body.length - start,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` } : {}),
    })
    if (request.method === 'HEAD') return void response.end()
    if (cutAfter === null) return void response.end(body.subarray(start))
    response.write(body.subarray(start, start + cutAfter), () => setTimeout(() => response.destroy(), 20))
    cutAfter = null
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  index = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`
})
afterAll(() => new Promise((done) => server.close(done)))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cuda-'))
  page = html(`#sha256=${sha256}`)
  body = wheel
  cutAfter = null
  requests = []
  return () => rmSync(folder, { recursive: true })
})
const html = (fragment: string) => (response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'text/html' }).end(
    `<a href="/files/other.tar.gz#sha256=${'0'.repeat(64)}">nvidia_cudnn_cu13-9.19.0.56.tar.gz</a><br/>
     <a href="/files/${FILE}${fragment}" data-requires-python="&gt;=3">${FILE}</a>
     <a href="/files/arm#sha256=${'0'.repeat(64)}">${FILE.replace('x86_64', 'aarch64')}</a>`,
  )
const install = async () =>
  installCudaWheel(cudnn, await findCudaWheel(`${index}/`, cudnn, patience), folder, patience, () => {})

describe('findCudaWheel', () => {
  it('reads an HTML index; the size comes from a HEAD request', async () => {
    const found = await findCudaWheel(index, cudnn, patience)
    expect(found).toEqual({
      filename: FILE,
      url: `${new URL(index).origin}/files/${FILE}`,
      sha256,
      sizeBytes: wheel.length,
    })
    expect(requests.at(-1)).toBe(`HEAD /files/${FILE}`)
  })
  it('reads a JSON index', async () => {
    page = (response) =>
      void response
        .writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' })
        .end(JSON.stringify({ files: [{ filename: FILE, url: `../../files/${FILE}`, hashes: { sha256 }, size: 12 }] }))
    expect(await findCudaWheel(index, cudnn, patience)).toMatchObject({
      url: `${new URL(index).origin}/files/${FILE}`,
      sizeBytes: 12,
    })
  })
  it('refuses a file without a hash', async () => {
    page = html('')
    await expect(findCudaWheel(index, cudnn, patience)).rejects.toThrow(/gives no SHA-256/)
  })
  it.each([
    ['another version', { ...cudnn, version: '9.99' }, /none of the 3 files of nvidia-cudnn-cu13 matches/],
    ['no such package', { ...cudnn, name: 'nvidia-none' }, /the index has no package nvidia-none/],
  ])('%s', async (_, wanted, message) => {
    await expect(findCudaWheel(index, wanted, patience)).rejects.toThrow(message)
    await expect(findCudaWheel(index, wanted, patience)).rejects.toThrow(NetworkError)
  })
  it('does not print a password of the index', async () => {
    const error = await findCudaWheel('https://me:secret@host/simple', cudnn, patience).catch(
      (caught: unknown) => caught,
    )
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).not.toContain('secret')
  })
})

describe('installCudaWheel', () => {
  it.each([
    ['a folder in the place of what is downloaded', FILE, true, 'is a folder, and a file belongs there'],
    ['a file in the place of the libraries', 'lib', false, 'is a file, and a folder belongs there'],
  ])('refuses %s in words', async (_, name, isFolder, message) => {
    const place = join(folder, name)
    if (isFolder) mkdirSync(place)
    else writeFileSync(place, '')
    const error = await install().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(DataError)
    expect(error).toMatchObject({ message, where: place })
  })
  it('takes nothing from an archive with a path that leaves the folder', async () => {
    await expect(install()).rejects.toThrow(DeviceError)
    expect(readdirSync(join(folder, 'lib'))).toEqual([])
  })
})

describe('a sound wheel', () => {
  beforeEach(() => {
    body = Buffer.from(
      zipSync(
        {
          'nvidia/cudnn/lib/libcudnn.so.9': strToU8('library'.repeat(1000)),
          'nvidia/cudnn/include/cudnn.h': strToU8('h'),
        },
        { level: 0 },
      ),
    )
    page = html(`#sha256=${createHash('sha256').update(body).digest('hex')}`)
  })
  it('leaves its libraries in one folder, the unversioned names linked, and no archive', async () => {
    expect(await install()).toEqual({ files: ['libcudnn.so.9'], fetched: true })
    expect(readdirSync(join(folder, 'lib'))).toEqual(['libcudnn.so', 'libcudnn.so.9'])
    expect(readFileSync(join(folder, 'lib', 'libcudnn.so.9'), 'utf8')).toBe('library'.repeat(1000))
    expect(readlinkSync(join(folder, 'lib', 'libcudnn.so'))).toBe('libcudnn.so.9')
    expect(existsSync(join(folder, FILE))).toBe(false)
  })
  it('is fetched once; again when a library was deleted', async () => {
    await install()
    requests = []
    expect((await install()).fetched).toBe(false)
    expect(requests.filter((line) => line.startsWith('GET /files'))).toEqual([])
    rmSync(join(folder, 'lib', 'libcudnn.so.9'))
    expect((await install()).fetched).toBe(true)
  })
  it('is resumed after a cut, in the same run and in the next', async () => {
    cutAfter = 3000
    await install()
    expect(requests.at(-1)).toBe(`GET /files/${FILE} bytes=3000-`)
    rmSync(folder, { recursive: true })
    folder = mkdtempSync(join(tmpdir(), 'cuda-'))
    writeFileSync(join(folder, FILE), body.subarray(0, 1234))
    await install()
    expect(requests.at(-1)).toBe(`GET /files/${FILE} bytes=1234-`)
  })
  it('is refused when its bytes are not those of the index, and not kept', async () => {
    page = html(`#sha256=${'0'.repeat(64)}`)
    await expect(install()).rejects.toThrow(/arrived damaged: SHA-256 [0-9a-f]{64}, the index says 0{64}/)
    expect(readdirSync(join(folder))).toEqual(['lib'])
  })
})

describe('cudaPackages', () => {
  it("are the provider of the binding's version, and NVIDIA's unless skipped", () => {
    const names = (options: { nvidia: boolean; cudnn: boolean }) =>
      cudaPackages('1.30.0', options).map(({ name }) => name)
    expect(names({ nvidia: false, cudnn: true })).toEqual(['onnxruntime-gpu'])
    expect(names({ nvidia: true, cudnn: false })).not.toContain('nvidia-cudnn-cu13')
    expect(cudaPackages('1.30.0', { nvidia: true, cudnn: true })[0]?.version).toBe('1.30.0')
  })
})

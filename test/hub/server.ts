import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach } from 'vitest'

/** A repository of the pretended hub: revisions (branch, tag, commit) → commit → files. */
export interface FakeRepo {
  readonly type: 'model' | 'dataset'
  readonly id: string
  readonly refs: Readonly<Record<string, string>>
  readonly commits: Readonly<Record<string, Readonly<Record<string, Buffer>>>>
  /** Bearer token that it demands; with `gated` the refusal says so. */
  readonly token?: string
  readonly gated?: boolean
  /** Pull requests; absent: discussions are switched off. */
  readonly discussions?: readonly object[]
  /** Commits of a revision, newest first; the second is what a pull request stands on. */
  readonly history?: Readonly<Record<string, readonly string[]>>
}
/** What goes wrong, for the first `times` requests whose URL matches. */
export interface Fault {
  readonly match: RegExp
  times: number
  readonly status?: number
  /** Sends so many bytes of the body, then drops the connection. */
  readonly cutAfter?: number
  /** Flips a bit of every body. */
  readonly damage?: boolean
  /** Answers 200 with everything, whatever Range asks. */
  readonly ignoreRange?: boolean
  /** Sends headers, then nothing. */
  readonly hang?: boolean
}
export interface Seen {
  readonly host: 'hub' | 'cdn'
  readonly url: string
  readonly range: string | undefined
  readonly authorization: string | undefined
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
/** `git hash-object`. */
export const gitId = (bytes: Buffer): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
const isLfs = (path: string): boolean => /\.(safetensors|bin|parquet|onnx|onnx_data)$/.test(path)

/**
 * Speaks the part of huggingface.co's protocol that a download needs, on two ports: the hub (API, small files, 302 for
 * LFS files) and the store that the 302 points to, another origin as in reality. Every request is kept in `seen`.
 */
export class FakeHub {
  readonly seen: Seen[] = []
  faults: Fault[] = []
  repos: FakeRepo[] = []
  #hub: Server
  #cdn: Server

  private constructor() {
    this.#hub = createServer((request, response) => this.#onHub(request, response))
    this.#cdn = createServer((request, response) => this.#onCdn(request, response))
  }
  static async start(): Promise<FakeHub> {
    const fake = new FakeHub()
    for (const server of [fake.#hub, fake.#cdn]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return fake
  }
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`
  }
  get store(): string {
    return `http://127.0.0.1:${(this.#cdn.address() as AddressInfo).port}`
  }
  async stop(): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    }
  }
  reset(): void {
    this.seen.length = 0
    this.faults = []
    this.repos = []
  }

  #note(host: Seen['host'], request: IncomingMessage): Fault | undefined {
    const url = request.url ?? ''
    this.seen.push({ host, url, range: request.headers.range, authorization: request.headers.authorization })
    const fault = this.faults.find(({ match, times }) => times > 0 && match.test(`${host}${url}`))
    if (fault) fault.times--
    return fault
  }

  #onHub(request: IncomingMessage, response: ServerResponse): void {
    const fault = this.#note('hub', request)
    if (fault?.status) return refuse(response, fault.status, null, 'trouble')
    const { pathname } = new URL(request.url ?? '', this.endpoint)
    const refs = /^\/api\/(model|dataset)s\/(.+?)\/refs$/.exec(pathname)
    const listed = refs && this.repos.find(({ type, id }) => type === refs[1] && id === refs[2])
    if (listed)
      return json(response, {
        branches: [{ name: 'main' }],
        tags: Object.keys(listed.refs)
          .filter((name) => name !== 'main')
          .map((name) => ({ name })),
      })
    const talk = /^\/api\/models\/(.+?)\/(discussions|commits\/(.+))$/.exec(pathname)
    const talked = talk && this.repos.find(({ id }) => id === talk[1])
    if (talk && talked?.discussions) {
      const commits = talked.history?.[decodeURIComponent(talk[3] ?? '')] ?? []
      return json(response, talk[3] ? commits.map((id) => ({ id })) : { discussions: talked.discussions })
    }
    const api = /^\/api\/(model|dataset)s\/(.+?)\/(revision|tree)\/([^/]+)\/?(.*)$/.exec(pathname)
    const file = /^\/(datasets\/)?((?:[^/]+\/)?[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname)
    const [type, id, revision] = api
      ? [api[1], api[2], api[4]]
      : [file?.[1] ? 'dataset' : 'model', file?.[2], file?.[3]]
    const repo = this.repos.find((one) => one.type === type && one.id === id)
    if (repo === undefined) return refuse(response, 401, 'RepoNotFound', 'Invalid username or password.')
    if (repo.token && request.headers.authorization !== `Bearer ${repo.token}`)
      return refuse(
        response,
        request.headers.authorization ? 403 : 401,
        repo.gated ? 'GatedRepo' : 'RepoNotFound',
        'Access restricted',
      )
    const name = decodeURIComponent(revision ?? '')
    const commit = repo.refs[name] ?? (name in repo.commits ? name : undefined)
    if (commit === undefined) return refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${name}`)
    const files = repo.commits[commit] ?? {}
    response.setHeader('x-repo-commit', commit)
    if (api?.[3] === 'revision')
      return json(response, { _id: '0', id, sha: commit, lastModified: '2024-01-01T00:00:00.000Z' })
    if (api?.[3] === 'tree')
      return json(
        response,
        Object.entries(files).map(([path, bytes]) => entryOf(path, bytes)),
      )
    const path = decodeURIComponent(file?.[4] ?? '')
    const bytes = files[path]
    if (bytes === undefined) return refuse(response, 404, 'EntryNotFound', 'Entry not found')
    if (!isLfs(path)) return send(request, response, bytes, gitId(bytes), fault)
    response.setHeader('x-linked-etag', `"${sha256(bytes)}"`)
    response.setHeader('x-linked-size', bytes.length)
    response.writeHead(302, { location: `${this.store}/${id}/${commit}/${path}?type=${type}` }).end()
  }

  #onCdn(request: IncomingMessage, response: ServerResponse): void {
    const fault = this.#note('cdn', request)
    if (fault?.status) return refuse(response, fault.status, null, 'trouble')
    const { pathname, searchParams } = new URL(request.url ?? '', this.store)
    const repo = this.repos.find(({ id, type }) => pathname.startsWith(`/${id}/`) && type === searchParams.get('type'))
    const [commit = '', ...path] = pathname.slice((repo?.id.length ?? 0) + 2).split('/')
    const bytes = repo?.commits[commit]?.[path.join('/')]
    if (bytes === undefined) return refuse(response, 404, null, 'NoSuchKey')
    send(request, response, bytes, sha256(bytes), fault)
  }
}

function entryOf(path: string, bytes: Buffer): object {
  const pointer = Buffer.from(
    `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(bytes)}\nsize ${bytes.length}\n`,
  )
  return isLfs(path)
    ? {
        type: 'file',
        path,
        oid: gitId(pointer),
        size: bytes.length,
        lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: pointer.length },
      }
    : { type: 'file', path, oid: gitId(bytes), size: bytes.length }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  whole: Buffer,
  etag: string,
  fault: Fault | undefined,
): void {
  const range = fault?.ignoreRange ? null : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
  const start = range ? Number(range[1]) : 0
  const bytes = Buffer.from(whole.subarray(start))
  if (fault?.damage) bytes[0]! ^= 1
  response.writeHead(range ? 206 : 200, {
    etag: `"${etag}"`,
    'content-length': bytes.length,
    ...(range ? { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` } : {}),
  })
  if (fault?.hang) response.flushHeaders()
  else if (fault?.cutAfter === undefined) response.end(bytes)
  else response.write(bytes.subarray(0, fault.cutAfter), () => setTimeout(() => response.destroy(), 20))
}

function refuse(response: ServerResponse, status: number, code: string | null, message: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(code ? { 'x-error-code': code, 'x-error-message': message } : {}),
  })
  response.end(JSON.stringify({ error: message }))
}
function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** A hub for the tests of a file, and a folder for its cache: at each test the hub has these repositories, and the folder is empty. */
export async function freshHub(
  ...repos: readonly FakeRepo[]
): Promise<{ readonly hub: FakeHub; readonly cacheDir: string }> {
  const hub = await FakeHub.start()
  const cacheDir = mkdtempSync(join(tmpdir(), 'hub-'))
  const empty = (): void => rmSync(cacheDir, { recursive: true })
  beforeEach(() => {
    hub.reset()
    hub.repos = [...repos]
    empty()
    mkdirSync(cacheDir)
  })
  afterAll(async () => {
    empty()
    await hub.stop()
  })
  return { hub, cacheDir }
}

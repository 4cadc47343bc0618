import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'

const DEMO = 'src/embedded/demo/demo-reward-model'
export const HOSTILE = 'test/data/hostile'
export const row = (over: Readonly<Record<string, unknown>> = {}): string =>
  `${JSON.stringify({ prompt: 'Name an alcohol.', chosen: '<answer>CCO</answer>', rejected: '<answer>CC</answer>', ...over })}\n`

/** A folder with a copy of the demo model in which one file is another. */
export function modelWith(scratch: string, name: string, file: string, change: (path: string) => void): string {
  const folder = join(scratch, name)
  cpSync(DEMO, folder, { recursive: true })
  const path = join(folder, file)
  rmSync(path, { force: true })
  change(path)
  return folder
}
export const pipe = (path: string): void => void execFileSync('mkfifo', [path])
export const link =
  (to: string) =>
  (path: string): void =>
    symlinkSync(to, path)
export const bytes =
  (content: string | Uint8Array) =>
  (path: string): void =>
    writeFileSync(path, content)

/** The weights of a checkpoint with one more, empty tensor of that name. */
export function weightsWith(from: string, name: string): Buffer {
  const file = readFileSync(from)
  const end = 8 + Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.toString('utf8', 8, end)) as Record<string, { data_offsets?: number[] }>
  const last = Math.max(...Object.values(header).map(({ data_offsets: at }) => at?.[1] ?? 0))
  const text = Buffer.from(
    JSON.stringify({ ...header, [name]: { dtype: 'F32', shape: [0], data_offsets: [last, last] } }),
  )
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, file.subarray(end)])
}

/** A gzipped file of `mebibytes` of the same piece behind a beginning. */
export async function bomb(path: string, beginning: string, piece: string, mebibytes = 512): Promise<void> {
  const gzip = createGzip({ level: 9 })
  const parts: Buffer[] = []
  gzip.on('data', (part: Buffer) => parts.push(part))
  gzip.write(beginning)
  const block = Buffer.alloc(1 << 20, piece)
  for (let i = 0; i < mebibytes; i++) if (!gzip.write(block)) await once(gzip, 'drain')
  gzip.end()
  await once(gzip, 'end')
  writeFileSync(path, Buffer.concat(parts))
}

/** A copy of a run's folder with one file changed. */
export function runWith(
  scratch: string,
  name: string,
  from: string,
  file: string,
  change: (text: string) => string,
): string {
  const folder = join(scratch, name, 'm', 'd')
  mkdirSync(join(scratch, name, 'm'), { recursive: true })
  cpSync(from, folder, { recursive: true })
  writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')))
  return folder
}

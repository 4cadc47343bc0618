import { readFileSync, writeFileSync } from 'node:fs'

export interface EditableTensor {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data: Buffer
}
export type Tensors = Map<string, EditableTensor>

/** Reads a small safetensors file, lets a test change its tensors, and writes it back. */
export function editTensors(file: string, change: (tensors: Tensors) => void): void {
  const raw = readFileSync(file)
  const start = 8 + Number(raw.readBigUInt64LE())
  const header = JSON.parse(raw.subarray(8, start).toString('utf8')) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >
  const tensors: Tensors = new Map()
  for (const [name, { dtype, shape, data_offsets: range }] of Object.entries(header))
    if (name !== '__metadata__')
      tensors.set(name, { dtype, shape, data: Buffer.from(raw.subarray(start + range[0], start + range[1])) })
  change(tensors)
  writeFileSync(file, encodeTensors(tensors))
}

export function encodeTensors(tensors: ReadonlyMap<string, EditableTensor>): Buffer {
  let end = 0
  const header: Record<string, unknown> = {}
  for (const [name, { dtype, shape, data }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + data.length] }
    end += data.length
  }
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, ...[...tensors.values()].map(({ data }) => data)])
}

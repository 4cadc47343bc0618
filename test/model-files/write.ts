import { writeFileSync } from 'node:fs'

export interface WrittenTensor {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/** Bytes of a safetensors file: 8-byte little-endian header length, JSON, data. `header` may be given to write a faulty one. */
export function safetensorsBytes(tensors: readonly WrittenTensor[], header?: string): Buffer {
  const entries: Record<string, unknown> = {}
  let offset = 0
  for (const { name, dtype, shape, data } of tensors) {
    entries[name] = { dtype, shape, data_offsets: [offset, offset + data.length] }
    offset += data.length
  }
  const json = Buffer.from(header ?? JSON.stringify(entries))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, ...tensors.map(({ data }) => data)])
}

export const floats = (name: string, shape: readonly number[], values: readonly number[]): WrittenTensor => ({
  name,
  dtype: 'F32',
  shape,
  data: new Uint8Array(new Float32Array(values).buffer),
})

export function writeSafetensors(path: string, tensors: readonly WrittenTensor[]): void {
  writeFileSync(path, safetensorsBytes(tensors))
}

import { describe, expect, it } from 'vitest'
import { readOnnx } from '../../../src/model/ready-made/proto.ts'

/** Protobuf by hand: a varint, and a field of bytes. */
function varint(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) + 128)
  }
}
const field = (number: number, content: Uint8Array | string): Uint8Array => {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes])
}
const int = (number: number, value: number): Uint8Array => Buffer.from([...varint(number * 8), ...varint(value)])
const message = (...fields: readonly Uint8Array[]): Uint8Array => Buffer.concat(fields)

/** A chain of nodes, with as many small initializers. */
function modelOf(nodes: number, tensors: number): Uint8Array {
  const graph = [field(2, 'many')]
  for (let i = 0; i < nodes; i++)
    graph.push(field(1, message(field(1, `x${i}`), field(2, `x${i + 1}`), field(4, 'Identity'))))
  for (let i = 0; i < tensors; i++)
    graph.push(field(5, message(int(1, 1), int(2, 1), field(8, `w${i}`), field(9, 'four'))))
  return message(int(1, 8), field(8, message(int(2, 18))), field(7, Buffer.concat(graph)))
}

/** The same bytes, and how many were looked at. */
function counted(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly reads: () => number } {
  let reads = 0
  const get = (target: Uint8Array, key: string | symbol): unknown => {
    if (typeof key === 'string' && /^\d+$/.test(key)) reads++
    const value: unknown = Reflect.get(target, key, target)
    return typeof value === 'function' ? value.bind(target) : value
  }
  return { bytes: new Proxy(bytes, { get }), reads: () => reads }
}

describe('a file of many nodes and initializers', () => {
  it('is read once, whatever its size: bytes looked at grow as the file does', () => {
    const reads = [1000, 4000].map((n) => {
      const whole = modelOf(n, n)
      const one = counted(whole)
      const model = readOnnx(one.bytes, 'x')
      expect(model.tensors).toHaveLength(n)
      expect(model.names(`x${n}`)).toBe(true)
      return one.reads() / whole.length
    })
    // tags, lengths and integers; names are decoded as a whole
    expect(reads[0]).toBeLessThan(1)
    expect(Math.abs(reads[1]! / reads[0]! - 1)).toBeLessThan(0.1)
  })
  it('holds no list of sizes without end in memory', () => {
    const dims = field(1, Buffer.alloc(5_000_000, 1))
    const graph = field(7, field(5, message(dims, int(2, 1), field(8, 'w'))))
    const one = counted(message(int(1, 8), field(8, int(2, 18)), graph))
    expect(() => readOnnx(one.bytes, 'x')).toThrow('a tensor has more than 64 sizes')
    expect(one.reads()).toBeLessThan(1000)
  })
})

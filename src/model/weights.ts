import { ModelError } from '../errors.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Graph, Value } from './graph.ts'
import { ELEMENT, type ElementType } from './onnx.ts'
import type { QuantisedLayout, QuantisedMatrix } from './quantised/layout.ts'
import type { Dtype, TensorRef } from './safetensors.ts'
import type { Ignored, Linear } from './spec.ts'

/** safetensors' dtypes that can be weights, as ONNX types. */
const STORED: Readonly<Partial<Record<Dtype, ElementType>>> = {
  F64: 'double',
  F32: 'float',
  F16: 'float16',
  BF16: 'bfloat16',
}

export interface IgnoredTensor {
  readonly name: string
  readonly reason: string
}

/**
 * A checkpoint's tensors as constants of a graph: the bytes stay in the safetensors files. Counts what was used, so that
 * no tensor of a checkpoint is passed over in silence.
 */
export class Weights {
  readonly #used = new Set<string>()
  /** Names of the tensors that a constant reads as they are stored. */
  readonly #read = new Set<string>()
  readonly #casts = new Map<string, Value>()

  constructor(
    readonly graph: Graph,
    readonly checkpoint: Checkpoint,
  ) {}

  has(name: string): boolean {
    return this.checkpoint.tensors.has(name)
  }

  /** Rows of a tensor by their indices. Cast comes after Gather: only the rows in use are read from the file and widened. */
  gather(type: ElementType, name: string, shape: readonly number[], indices: Value): Value {
    const ref = this.#ref(name, shape)
    const stored = this.#type(ref)
    this.#read.add(name)
    const rows = this.graph.op('Gather', [this.graph.external(name, stored, shape, part(ref, null)), indices])
    return castFrom(this.graph, rows, stored, type)
  }

  /**
   * A tensor in the type that the graph computes with. Casts of constants are folded when the session opens.
   * @param rows a range of the first dimension, which is the same tensor at another byte offset
   */
  as(type: ElementType, name: string, shape: readonly number[], rows: readonly [number, number] | null = null): Value {
    const ref = this.#ref(name, shape)
    const key = `${name}${rows ? `[${rows[0]}:${rows[1]}]` : ''}`
    const cached = this.#casts.get(`${key} ${type}`)
    if (cached !== undefined) return cached
    const stored = this.#type(ref)
    this.#read.add(name)
    const value = this.graph.external(
      key,
      stored,
      rows ? [rows[1] - rows[0], ...shape.slice(1)] : shape,
      part(ref, rows),
    )
    const result = castFrom(this.graph, value, stored, type)
    this.#casts.set(`${key} ${type}`, result)
    return result
  }

  /** The weight of a linear layer in few bits, planned into the layout: its values are read when the session starts. */
  matrix(layout: QuantisedLayout, spec: Omit<Linear, 'bias'>, bits: 8 | 4 = layout.scheme.bits): QuantisedMatrix {
    const { inputs, outputs, part } = spec
    const total = part?.total ?? outputs
    const ref = this.#ref(spec.weight, spec.layout === 'out,in' ? [total, inputs] : [inputs, total])
    this.#type(ref)
    const { block, symmetric } = layout.scheme
    const blocks = { bits, block, symmetric }
    return layout.add({ ref, layout: spec.layout, first: part?.first ?? 0, rows: outputs, inputs, blocks })
  }

  /** Names and reasons of the tensors that no node reads; a tensor that nothing explains is an error. */
  leftOver(ignored: readonly Ignored[]): IgnoredTensor[] {
    const known: IgnoredTensor[] = []
    const unknown: TensorRef[] = []
    for (const ref of this.checkpoint.tensors.values()) {
      if (this.#used.has(ref.name)) continue
      const rule = ignored.find(({ pattern }) => pattern.test(ref.name))
      if (rule) known.push({ name: ref.name, reason: rule.reason })
      else unknown.push(ref)
    }
    if (unknown.length > 0)
      throw new ModelError(
        `${unknown.length} tensor${unknown.length === 1 ? '' : 's'} that the architecture does not have: ${listed(unknown)}`,
        this.checkpoint.dir,
        'A custom head or a changed architecture: its scores would be wrong without these tensors, so it is not run.',
      )
    return known
  }

  /** Names of the tensors in use. */
  get names(): string[] {
    return [...this.#used]
  }

  /** The files that the graph's constants lie in. */
  get files(): string[] {
    return [...new Set([...this.#used].map((name) => this.checkpoint.tensors.get(name)!.file))].sort()
  }

  /** Number of weights in use and their bytes on disk; of these, the bytes of tensors that constants read as they are stored. */
  get totals(): { readonly parameters: number; readonly bytes: number; readonly keptBytes: number } {
    const refs = [...this.#used].map((name) => this.checkpoint.tensors.get(name)!)
    const bytesOf = (some: readonly TensorRef[]): number => some.reduce((sum, ref) => sum + ref.length, 0)
    return {
      parameters: refs.reduce((sum, ref) => sum + ref.shape.reduce((product, dim) => product * dim, 1), 0),
      bytes: bytesOf(refs),
      keptBytes: bytesOf(refs.filter(({ name }) => this.#read.has(name))),
    }
  }

  #ref(name: string, shape: readonly number[] | null): TensorRef {
    const ref = this.checkpoint.tensors.get(name)
    if (ref === undefined)
      throw new ModelError(
        `tensor "${name}"${shape ? ` [${shape.join(', ')}]` : ''} is missing`,
        this.checkpoint.dir,
        'config.json and the weights do not belong together, or the download is incomplete.',
      )
    if (shape && (shape.length !== ref.shape.length || shape.some((dim, i) => dim !== ref.shape[i])))
      throw new ModelError(
        `tensor "${name}" is [${ref.shape.join(', ')}], config.json asks for [${shape.join(', ')}]`,
        ref.file,
        'config.json and the weights do not belong together.',
      )
    this.#used.add(name)
    return ref
  }

  #type(ref: TensorRef): ElementType {
    const type = STORED[ref.dtype]
    if (type === undefined)
      throw new ModelError(
        `tensor "${ref.name}" is ${ref.dtype}; weights must be F64, F32, F16 or BF16`,
        ref.file,
        'Quantised checkpoints are not supported; use the unquantised one.',
      )
    return type
  }
}

export const cast = (graph: Graph, value: Value, type: ElementType): Value =>
  graph.op('Cast', [value], { to: ELEMENT[type] })

/** A value of one type in another; where the two are one, itself, without a node. */
export const castFrom = (graph: Graph, value: Value, from: ElementType, to: ElementType): Value =>
  from === to ? value : cast(graph, value, to)

/** The bytes of some rows of a row-major tensor. */
function part(
  ref: TensorRef,
  rows: readonly [number, number] | null,
): { file: string; offset: number; length: number } {
  if (rows === null) return { file: ref.file, offset: ref.offset, length: ref.length }
  const rowBytes = ref.length / ref.shape[0]!
  return { file: ref.file, offset: ref.offset + rows[0] * rowBytes, length: (rows[1] - rows[0]) * rowBytes }
}

const listed = (refs: readonly TensorRef[]): string => {
  const shown = refs.slice(0, 5).map((ref) => `"${ref.name}" [${ref.shape.join(', ')}]`)
  return refs.length > 5 ? `${shown.join(', ')} and ${refs.length - 5} more` : shown.join(', ')
}

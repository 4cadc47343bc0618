import { ModelError } from '../errors.ts'
import type { Checkpoint } from './checkpoint.ts'
import {
  type Delta,
  type Factors,
  type FactorValues,
  mergedFactors,
  type Rows,
  tensorsOf,
  withMagnitudes,
} from './delta.ts'
import { FLOAT8_IGNORED, scaleOf, type WeightScale } from './float8.ts'
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
const FLOAT8: Dtype = 'F8_E4M3'

export interface IgnoredTensor {
  readonly name: string
  readonly reason: string
}

/** A tensor that an adapter adds to. */
export interface AdaptedTensor {
  readonly name: string
  /** Of a matrix, as it is stored. */
  readonly layout: Linear['layout']
  /** `merged` when the session opens; `beside`: its factors are multiplied beside it; `gathered`: added to the rows in use. */
  readonly how: 'merged' | 'beside' | 'gathered'
}

/** Of reward heads, as those that are known here call them (heads/). */
const HEAD_TENSOR = /^(score|v_head|value_head|regression_head|score_head|reward_head|classifier)\./

/**
 * A checkpoint's tensors as constants of a graph: the bytes stay in the safetensors files. Counts what was used, so that
 * no tensor of a checkpoint is passed over in silence.
 */
export class Weights {
  readonly #used = new Set<string>()
  /** Names of the tensors that a constant reads as they are stored. */
  readonly #read = new Set<string>()
  readonly #casts = new Map<string, Value>()
  readonly #adapted = new Map<string, AdaptedTensor>()
  /** Names of the tensors that scale others. */
  readonly #scales = new Set<string>()

  constructor(
    readonly graph: Graph,
    readonly checkpoint: Checkpoint,
  ) {}

  has(name: string): boolean {
    return this.checkpoint.tensors.has(name)
  }

  /**
   * Rows of a tensor by their indices. Cast comes after Gather: only the rows in use are read from the file and widened. What an adapter
   * adds to them is added to these rows alone.
   */
  gather(type: ElementType, name: string, shape: readonly number[], indices: Value): Value {
    const ref = this.#ref(name, shape)
    const stored = this.#type(ref)
    this.#read.add(name)
    const rows = this.graph.op('Gather', [this.graph.external(name, stored, shape, part(ref, null)), indices])
    const delta = this.#delta(name)
    if (delta === null) return castFrom(this.graph, rows, stored, type)
    this.#note({ name, layout: 'out,in', how: 'gathered' })
    const wide = castFrom(this.graph, rows, stored, 'float')
    return castFrom(this.graph, this.#changedRows(wide, delta, indices), 'float', type)
  }

  /**
   * A tensor in the type that the graph computes with, with what an adapter adds to it: computed in float32 and rounded once. Nodes of
   * constants are folded when the session opens.
   * @param rows a range of the first dimension, which is the same tensor at another byte offset
   * @param layout of a matrix, as in `Linear`; an embedding's is known
   */
  as(
    type: ElementType,
    name: string,
    shape: readonly number[],
    rows: readonly [number, number] | null = null,
    layout: Linear['layout'] = 'out,in',
  ): Value {
    const delta = this.#delta(name)
    if (delta === null) return this.stored(type, name, shape, rows)
    const key = `${keyOf(name, rows)} ${type} changed`
    const cached = this.#casts.get(key)
    if (cached !== undefined) return cached
    this.#note({ name, layout, how: 'merged' })
    const changed = this.#changed(this.stored('float', name, shape, rows), delta, rows, layout)
    const result = castFrom(this.graph, changed, 'float', type)
    this.#casts.set(key, result)
    return result
  }

  /** A tensor as its file has it, without what an adapter adds to it, in another type. */
  stored(type: ElementType, name: string, shape: readonly number[], rows: readonly [number, number] | null): Value {
    const ref = this.#ref(name, shape)
    const key = keyOf(name, rows)
    const cached = this.#casts.get(`${key} ${type}`)
    if (cached !== undefined) return cached
    const stored = ref.dtype === FLOAT8 ? 'float8e4m3fn' : this.#type(ref)
    this.#read.add(name)
    const value = this.graph.external(
      key,
      stored,
      rows ? [rows[1] - rows[0], ...shape.slice(1)] : shape,
      part(ref, rows),
    )
    const result =
      stored === 'float8e4m3fn'
        ? castFrom(this.graph, this.#scaled(value, this.#scale(ref), rows), 'float', type)
        : castFrom(this.graph, value, stored, type)
    this.#casts.set(`${key} ${type}`, result)
    return result
  }

  /**
   * The factors of an adapter that are multiplied beside a matrix instead of being merged into it; null: there are none, or `as` merges
   * them. Beside, where half-precision weights are computed in float32: widening has made a second copy already, and ONNX Runtime keeps
   * every constant that it folds until all are folded, so that merging would make a third.
   */
  beside(
    type: ElementType,
    name: string,
    rows: readonly [number, number] | null,
    layout: Linear['layout'],
  ): FactorValues | null {
    const delta = this.#delta(name)
    if (delta?.kind !== 'factors' || delta.magnitude !== null || type !== 'float') return null
    if (this.checkpoint.tensors.get(name)?.dtype === 'F32') return null
    this.#note({ name, layout, how: 'beside' })
    return this.#factors(delta, rows)
  }

  /**
   * The same of a matrix in few bits, into which nothing can be merged.
   * @throws ModelError where an adapter changes it otherwise than by adding factors
   */
  besideQuantised(name: string, rows: readonly [number, number] | null, layout: Linear['layout']): FactorValues | null {
    const delta = this.#delta(name)
    if (delta === null) return null
    if (delta.kind !== 'factors' || delta.magnitude !== null)
      throw new ModelError(
        `the adapter changes "${name}" otherwise than by a sum of factors (${delta.kind === 'factors' ? 'DoRA' : 'trained rows'}): it cannot stand on weights in few bits`,
        this.checkpoint.adapter!.dir,
        'Use --dtype fp32.',
      )
    this.#note({ name, layout, how: 'beside' })
    return this.#factors(delta, rows)
  }

  /** The weight of a linear layer in few bits, planned into the layout: its values are read when the session starts. */
  matrix(layout: QuantisedLayout, spec: Omit<Linear, 'bias'>, bits: 8 | 4 = layout.scheme.bits): QuantisedMatrix {
    const { inputs, outputs, part } = spec
    const total = part?.total ?? outputs
    const ref = this.#ref(spec.weight, spec.layout === 'out,in' ? [total, inputs] : [inputs, total])
    const scale = ref.dtype === FLOAT8 ? this.#scale(ref) : null
    if (scale === null) this.#type(ref)
    const { block, symmetric } = layout.scheme
    const blocks = { bits, block, symmetric }
    return layout.add({ ref, scale, layout: spec.layout, first: part?.first ?? 0, rows: outputs, inputs, blocks })
  }

  /**
   * Names and reasons of the tensors that no node reads; a tensor that nothing explains is an error.
   * @param head the reward head that is read, so that a second one is named as such; null where none is known
   */
  leftOver(ignored: readonly Ignored[], head: string | null): IgnoredTensor[] {
    const known: IgnoredTensor[] = []
    const unknown: TensorRef[] = []
    for (const ref of this.checkpoint.tensors.values()) {
      if (this.#used.has(ref.name)) continue
      const rule = [...ignored, ...(this.checkpoint.float8 ? [FLOAT8_IGNORED] : [])].find(({ pattern }) =>
        pattern.test(ref.name),
      )
      if (rule) known.push({ name: ref.name, reason: rule.reason })
      else unknown.push(ref)
    }
    const second = unknown.filter(({ name }) => HEAD_TENSOR.test(name))
    if (second.length > 0 && second.length === unknown.length && head !== null)
      throw new ModelError(
        `has two heads: the one that is read (${head}), and ${listed(second)}`,
        this.checkpoint.dir,
        'One of the two is of another training, and which gives the rewards is not known: save the model with the head that is meant alone.',
      )
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

  /**
   * Number of weights in use, an adapter's factors not counted, and bytes on disk, theirs included; of these, the bytes of tensors that
   * constants read as they are stored.
   */
  get totals(): { readonly parameters: number; readonly bytes: number; readonly keptBytes: number } {
    const refs = [...this.#used].map((name) => this.checkpoint.tensors.get(name)!)
    const own = new Set([...(this.checkpoint.adapter?.deltas.values() ?? [])].flatMap(tensorsOf))
    const bytesOf = (some: readonly TensorRef[]): number => some.reduce((sum, ref) => sum + ref.length, 0)
    return {
      parameters: refs
        .filter(({ name }) => !own.has(name) && !this.#scales.has(name))
        .reduce((sum, ref) => sum + ref.shape.reduce((product, dim) => product * dim, 1), 0),
      bytes: bytesOf(refs),
      keptBytes: bytesOf(refs.filter(({ name }) => this.#read.has(name))),
    }
  }

  /** Tensors in use that an adapter adds to. */
  get adapted(): AdaptedTensor[] {
    return [...this.#adapted.values()]
  }

  /** What is both gathered and merged (a tied embedding) counts as merged. */
  #note(adapted: AdaptedTensor): void {
    if (adapted.how !== 'gathered' || !this.#adapted.has(adapted.name)) this.#adapted.set(adapted.name, adapted)
  }

  #delta(name: string): Delta | null {
    return this.checkpoint.adapter?.deltas.get(name) ?? null
  }

  /** One of the adapter's own tensors, in float32. */
  #own(name: string, rows: readonly [number, number] | null = null): Value {
    return this.stored('float', name, this.#ref(name, null).shape, rows)
  }

  /** Of B, the rows of a range of outputs. */
  #factors({ a, b, scale }: Factors, rows: readonly [number, number] | null): FactorValues {
    return { a: this.#own(a), b: this.#own(b, rows), scale }
  }

  /** A tensor, or a range of its rows, with a delta; float32. */
  #changed(w: Value, delta: Delta, rows: readonly [number, number] | null, layout: Linear['layout']): Value {
    const { graph } = this
    if (delta.kind === 'vector')
      return graph.op('Add', [w, graph.op('Mul', [this.#own(delta.value, rows), graph.float(delta.scale)])])
    if (delta.kind === 'rows') return this.#replaced(w, delta, rows)
    const transposed = delta.embedding || layout === 'in,out'
    if (!transposed) {
      const merged = mergedFactors(graph, w, this.#factors(delta, rows), false)
      return delta.magnitude === null ? merged : withMagnitudes(graph, merged, this.#own(delta.magnitude, rows), false)
    }
    const { a, b, scale } = this.#factors(delta, null)
    // the rows of a transposed matrix are inputs: columns of A
    const columns =
      rows === null ? a : graph.op('Slice', [a, graph.ints([rows[0]]), graph.ints([rows[1]]), graph.ints([1])])
    const merged = mergedFactors(graph, w, { a: columns, b, scale }, true)
    if (delta.magnitude === null) return merged
    if (rows !== null) throw new Error(`the magnitudes of ${delta.b} need whole columns`)
    return withMagnitudes(graph, merged, this.#own(delta.magnitude), true)
  }

  /** A matrix, or a range of its rows, with the rows of a delta in place of its own. */
  #replaced(w: Value, { ids, values }: Rows, rows: readonly [number, number] | null): Value {
    const [first, end] = rows ?? [0, Number.POSITIVE_INFINITY]
    const inside = ids.flatMap((id, i) => (id >= first && id < end ? [i] : []))
    if (inside.length === 0) return w
    const { graph } = this
    const places = graph.op('Reshape', [graph.ints(inside.map((i) => ids[i]! - first)), graph.ints([-1, 1])])
    return graph.op('ScatterND', [w, places, graph.op('Gather', [this.#own(values), graph.ints(inside)])])
  }

  /** Gathered rows [n, columns] (of a bias [n]) with what a delta changes on them; float32. `indices` [n] names the rows. */
  #changedRows(rows: Value, delta: Delta, indices: Value): Value {
    const { graph } = this
    if (delta.kind === 'vector') {
      const added = graph.op('Gather', [this.#own(delta.value), indices])
      return graph.op('Add', [rows, graph.op('Mul', [added, graph.float(delta.scale)])])
    }
    if (delta.kind === 'rows') {
      const column = graph.op('Unsqueeze', [indices, graph.ints([1])])
      const oneHot = cast(graph, graph.op('Equal', [column, graph.ints(delta.ids)]), 'float')
      const hit = graph.op('ReduceMax', [oneHot, graph.ints([1])], { keepdims: 1 })
      return graph.op('Where', [cast(graph, hit, 'bool'), graph.op('MatMul', [oneHot, this.#own(delta.values)]), rows])
    }
    const { a, b, scale } = this.#factors(delta, null)
    if (delta.embedding) {
      const columns = graph.op('Gather', [a, indices], { axis: 1 })
      return mergedFactors(graph, rows, { a: columns, b, scale }, true)
    }
    const merged = mergedFactors(graph, rows, { a, b: graph.op('Gather', [b, indices]), scale }, false)
    if (delta.magnitude === null) return merged
    return withMagnitudes(graph, merged, graph.op('Gather', [this.#own(delta.magnitude), indices]), false)
  }

  /** Of a weight in FP8. */
  #scale(ref: TensorRef): WeightScale {
    const scale = scaleOf(this.checkpoint, ref)
    this.#used.add(scale.ref.name)
    this.#scales.add(scale.ref.name)
    return scale
  }

  /** FP8 times its scales, in float32: one node, which is folded when the session opens (session.ts). */
  #scaled(value: Value, { ref, block: [high, wide] }: WeightScale, rows: readonly [number, number] | null): Value {
    const { graph } = this
    const [blockRows = 1, blockColumns = 1] = ref.shape
    const scales = this.stored('float', ref.name, ref.shape, null)
    if (ref.shape.reduce((product, dim) => product * dim, 1) === 1)
      return graph.op('DequantizeLinear', [value, graph.op('Reshape', [scales, graph.ints([])])])
    const columns = ref.shape.length > 1 ? blockColumns : 1
    // each row of scales once per row of weights, then those of the rows that are asked for
    const tall = graph.op('Reshape', [scales, graph.ints([blockRows, 1, columns])])
    const each = graph.op('Expand', [tall, graph.ints([blockRows, high, columns])])
    const all = graph.op('Reshape', [each, graph.ints([-1, columns])])
    const count = this.checkpoint.tensors.get(ref.name.replace(/_scale(_inv)?$/, ''))!.shape[0]!
    const [first, end] = rows ?? [0, count]
    const some = graph.op('Slice', [all, graph.ints([first]), graph.ints([end]), graph.ints([0])])
    if (columns > 1) return graph.op('DequantizeLinear', [value, some], { axis: 1, block_size: wide })
    return graph.op('DequantizeLinear', [value, graph.op('Reshape', [some, graph.ints([-1])])], { axis: 0 })
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

const keyOf = (name: string, rows: readonly [number, number] | null): string =>
  `${name}${rows ? `[${rows[0]}:${rows[1]}]` : ''}`

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

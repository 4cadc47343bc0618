import { type Attend, type AttentionForm, attentionOf } from './attention.ts'
import type { Value } from './graph.ts'
import { addNorm, type Builder, linear, mlp, norm, rotate } from './ops.ts'
import { type Rope, sameRope } from './rope.ts'
import type { AttentionSpec, BlockNorms, DecoderSpec, HeadWeights, Norm } from './spec.ts'
import { castFrom } from './weights.ts'

/** A decoder's body as nodes. */
export interface Body {
  /** Final hidden states of the rows that the head reads, [rows, hidden]. */
  readonly hidden: Value
  /** Which rotary tables the graph wants: inputs `cos_i`, `sin_i` [table, rotaryDim / 2]. */
  readonly ropes: readonly Rope[]
}

/**
 * The body from token ids to final hidden states. Hidden states are [tokens, hidden] throughout, tokens = batch · seq;
 * only attention sees [batch, seq, …]. The last layer's output projection and MLP run on the head's rows alone.
 * Inputs: `ids`, `positions` [batch, seq]; `rows` [rows], places in the flattened ids.
 */
export function decoderBody(builder: Builder, spec: DecoderSpec, form: AttentionForm): Body {
  const { graph } = builder
  const ids = graph.input('ids', 'int64', ['batch', 'seq'])
  const positions = graph.input('positions', 'int64', ['batch', 'seq'])
  const rows = graph.input('rows', 'int64', ['rows'])
  const shape = graph.op('Shape', [ids])
  const attend = attentionOf(form, graph, builder.type, shape)
  const rotary = new RotaryInputs(builder, positions)
  const attention = (x: Value, layer: AttentionSpec): Value =>
    attentionBlock(builder, x, layer, attend, rotary, graph.op('Concat', [shape, graph.ints([-1])], { axis: 0 }))

  const stream = new Stream(builder, embed(builder, spec, ids, positions), spec.hidden)
  spec.layers.forEach((layer, l) => {
    const pick = (x: Value): Value => (l === spec.layers.length - 1 ? graph.op('Gather', [x, rows]) : x)
    const after = (x: Value, { after }: BlockNorms): Value => (after ? norm(builder, x, after, spec.hidden) : x)
    const { attentionNorms, mlpNorms } = layer
    const mixed = attention(stream.read(attentionNorms.before), layer.attention)
    const attended = after(linear(builder, pick(mixed), layer.attention.out), attentionNorms)
    stream.map(pick)
    // parallel blocks read the stream before anything is added to it
    const read = layer.residual === 'parallel' ? stream.read(mlpNorms.before) : null
    stream.add(attended)
    stream.close(attentionNorms.closing)
    stream.add(after(mlp(builder, read ?? stream.read(mlpNorms.before), layer.mlp), mlpNorms))
    stream.close(mlpNorms.closing)
  })
  return { hidden: stream.read(spec.finalNorm), ropes: rotary.ropes }
}

/** The residual stream [tokens, hidden]. What a block adds is kept aside until the next norm, which takes both at once. */
class Stream {
  #added: Value | null = null

  constructor(
    readonly builder: Builder,
    private sum: Value,
    readonly width: number,
  ) {}

  add(x: Value): void {
    this.#settle()
    this.#added = x
  }

  /** The stream through a norm, or as it is. */
  read(spec: Norm | null): Value {
    if (spec === null || this.#added === null) {
      this.#settle()
      return spec ? norm(this.builder, this.sum, spec, this.width) : this.sum
    }
    const { normed, sum } = addNorm(this.builder, this.#added, this.sum, spec, this.width)
    this.sum = sum
    this.#added = null
    return normed
  }

  /** A norm over the sum itself, which then is the stream. */
  close(spec: Norm | null): void {
    if (spec === null) return
    const closed = this.read(spec)
    this.sum = closed
    this.#added = null
  }

  map(change: (x: Value) => Value): void {
    this.#settle()
    this.sum = change(this.sum)
  }

  #settle(): void {
    if (this.#added !== null) this.sum = this.builder.graph.op('Add', [this.sum, this.#added])
    this.#added = null
  }
}

/** [tokens, hidden] */
function embed({ graph, weights, type }: Builder, spec: DecoderSpec, ids: Value, positions: Value): Value {
  const flat = (x: Value): Value => graph.op('Reshape', [x, graph.ints([-1])])
  const { tokens, positions: learned, scale } = spec.embedding
  let x = weights.gather(type, tokens, [spec.vocab, spec.hidden], flat(ids))
  if (scale !== null) {
    const factor = graph.float(scale)
    x = graph.op('Mul', [x, castFrom(graph, factor, 'float', type)])
  }
  if (learned === null) return x
  const row = learned.offset === 0 ? positions : graph.op('Add', [positions, graph.int(learned.offset)])
  return graph.op('Add', [
    x,
    weights.gather(type, learned.name, [learned.rows + learned.offset, spec.hidden], flat(row)),
  ])
}

/** [tokens, hidden] → [tokens, heads · headDim], before the output projection. */
function attentionBlock(
  builder: Builder,
  x: Value,
  spec: AttentionSpec,
  attend: Attend,
  rotary: RotaryInputs,
  shape: Value,
): Value {
  const { graph } = builder
  const { heads, kvHeads, headDim } = spec
  const [q, k, v] = project(builder, x, spec)
  const grid = (y: Value): Value => graph.op('Reshape', [y, shape])
  const turned = (y: Value, count: number, which: 'q' | 'k'): Value => {
    const normed = normHeads(builder, y, which, count, spec)
    return spec.rope ? rotary.rotate(grid(normed), spec.rope, count, headDim) : grid(normed)
  }
  const mixed = attend(turned(q, heads, 'q'), turned(k, kvHeads, 'k'), grid(v), spec)
  return graph.op('Reshape', [mixed, graph.ints([-1, heads * headDim])])
}

/** q [tokens, heads · headDim], k and v [tokens, kvHeads · headDim]. */
function project(builder: Builder, x: Value, { projection, heads, kvHeads, headDim }: AttentionSpec): QueryKeyValue {
  const { graph } = builder
  if (projection.kind === 'separate') {
    const { q, k, v } = projection
    return [linear(builder, x, q), linear(builder, x, k), linear(builder, x, v)]
  }
  const qkv = linear(builder, x, projection.qkv)
  if (projection.kind === 'fused') {
    const sizes = graph.ints([heads * headDim, kvHeads * headDim, kvHeads * headDim])
    return graph.ops('Split', [qkv, sizes], 3, { axis: 1 }) as QueryKeyValue
  }
  const byHead = graph.op('Reshape', [qkv, graph.ints([-1, heads, 3, headDim])])
  return graph
    .ops('Split', [byHead], 3, { axis: 2, num_outputs: 3 })
    .map((part) => graph.op('Reshape', [part, graph.ints([-1, heads * headDim])])) as QueryKeyValue
}
type QueryKeyValue = [q: Value, k: Value, v: Value]

/** Norm of q or k, [tokens, heads · headDim]. */
function normHeads(
  builder: Builder,
  x: Value,
  which: 'q' | 'k',
  heads: number,
  { headDim, qkNorm }: AttentionSpec,
): Value {
  if (qkNorm === null) return x
  if (qkNorm.over === 'all') return norm(builder, x, qkNorm[which], heads * headDim)
  const { graph } = builder
  const byHead = graph.op('Reshape', [x, graph.ints([-1, heads, headDim])])
  const normed =
    qkNorm.over === 'each'
      ? normEach(builder, byHead, qkNorm[which], [heads, headDim], qkNorm.epsilon)
      : norm(builder, byHead, qkNorm[which], headDim)
  return graph.op('Reshape', [normed, graph.ints([-1, heads * headDim])])
}

/** [tokens, heads, headDim] → the same: LayerNorm of every head, times the head's own weight. */
function normEach(
  { graph, weights, type }: Builder,
  x: Value,
  names: HeadWeights,
  [heads, width]: readonly [number, number],
  epsilon: number,
): Value {
  const one = castFrom(graph, graph.float(1), 'float', type)
  const ones = graph.op('Expand', [one, graph.ints([width])])
  const plain = graph.op('LayerNormalization', [x, ones], { axis: -1, epsilon: { float: epsilon } })
  if (typeof names === 'string') return graph.op('Mul', [plain, weights.as(type, names, [heads, width])])
  const rows = names.map((name) => graph.op('Unsqueeze', [weights.as(type, name, [width]), graph.ints([0])]))
  return graph.op('Mul', [plain, graph.op('Concat', rows, { axis: 0 })])
}

/** The graph's rotary inputs, one pair of tables for each distinct rope. The session fills them as long as a run needs. */
class RotaryInputs {
  readonly ropes: Rope[] = []
  readonly #tables: { readonly cos: Value; readonly sin: Value; readonly positions: Value }[] = []

  constructor(
    readonly builder: Builder,
    readonly positions: Value,
  ) {}

  rotate(x: Value, rope: Rope, heads: number, headDim: number): Value {
    let i = this.ropes.findIndex((known) => sameRope(known, rope))
    if (i < 0) i = this.#declare(rope)
    return rotate(this.builder, x, this.#tables[i]!, heads, headDim, rope)
  }

  #declare(rope: Rope): number {
    const { graph, type } = this.builder
    const i = this.ropes.push(rope) - 1
    const table = (name: string): Value => {
      const given = graph.input(`${name}_${i}`, 'float', ['table', rope.inverseFrequencies.length])
      return castFrom(graph, given, 'float', type)
    }
    this.#tables.push({ cos: table('cos'), sin: table('sin'), positions: this.positions })
    return i
  }
}

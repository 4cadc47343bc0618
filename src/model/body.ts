import { Alibi } from './alibi.ts'
import { attentionOf, type GraphForm } from './attention.ts'
import { type CachedLayer, KeyValueCache } from './cache.ts'
import { CarriedKeys } from './carried.ts'
import { experts } from './experts.ts'
import type { Value } from './graph.ts'
import { addNorm, type Builder, convolution, linear, mlp, norm, rotate } from './ops.ts'
import { relativeScores } from './relative.ts'
import { type Rope, sameRope } from './rope.ts'
import type { AttentionSpec, BlockNorms, HeadWeights, Mlp, ModelSpec, Norm } from './spec.ts'
import { splitAttention } from './split-attention.ts'
import { castFrom } from './weights.ts'

/** A model's body as nodes. */
export interface Body {
  /** Final hidden states of the rows that the head reads, [rows, hidden]. */
  readonly hidden: Value
  /** Which rotary tables the graph wants: inputs `cos_i`, `sin_i` [table, rotaryDim / 2]. */
  readonly ropes: readonly Rope[]
  /** Heads of the table that an input `alibi` [table, heads] wants; null: no such input. */
  readonly alibiHeads: number | null
  /** Of the form `cache`, what every layer keeps of a token; else null. */
  readonly cache: readonly CachedLayer[] | null
  /** Of the form `split`, what every layer carries of a token from run to run, to be left when the graph is whole; else null. */
  readonly carried: CarriedKeys | null
}

/**
 * The body from token ids to final hidden states. Hidden states are [tokens, hidden] throughout, tokens = batch · seq;
 * only attention sees [batch, seq, …]. The last layer's output projection and MLP run on the head's rows alone; of the form `split` its
 * queries, too.
 * Inputs: `ids`, `positions` [batch, seq], `types` [batch, seq] where the model has token types; `rows` [rows], places in the
 * flattened ids; those of attention.ts, split-attention.ts and carried.ts, or cache.ts, relative.ts and RotaryInputs.
 */
export function modelBody(builder: Builder, spec: ModelSpec, form: GraphForm): Body {
  const { graph } = builder
  const ids = graph.input('ids', 'int64', ['batch', 'seq'])
  const positions = graph.input('positions', 'int64', ['batch', 'seq'])
  const rows = graph.input('rows', 'int64', ['rows'])
  const shape = graph.op('Shape', [ids])
  const cache = form === 'cache' ? new KeyValueCache(graph, builder.type, shape) : null
  const carried = form === 'split' ? new CarriedKeys(graph) : null
  const attend =
    form === 'cache'
      ? cache!.attend
      : form === 'split'
        ? splitAttention(graph, builder.type, carried!)
        : attentionOf(form, graph, builder.type, { shape, causal: spec.causal })
  const rotary = new RotaryInputs(builder, positions)
  const relative = spec.causal || !spec.relative ? null : relativeScores(builder, shape, spec.hidden, spec.relative)
  const alibi = new Alibi(builder, positions, shape)
  const grid = (x: Value): Value => graph.op('Reshape', [x, graph.op('Concat', [shape, graph.ints([-1])], { axis: 0 })])
  const attention = (x: Value, layer: AttentionSpec, l: number): Value => {
    const how = layer.alibi ? alibi.around(attend) : attend
    const mix = (q: Value, k: Value, v: Value): Value => how(q, k, v, layer, relative?.(q, k, l, layer))
    return attentionBlock(builder, x, layer, mix, rotary, { grid, rows: null })
  }
  const last = spec.layers.length - 1
  /** Whether the last layer asks for the head's rows alone. ALiBi's queries carry the positions of all tokens. */
  const fewQueries = form === 'split' && spec.layers[last]?.attention.alibi !== true
  const lastAttention = (x: Value, layer: AttentionSpec): Value => {
    const ofRows = splitAttention(graph, builder.type, carried!, 'row_')
    return attentionBlock(builder, x, layer, (q, k, v) => ofRows(q, k, v, layer), rotary, { grid, rows })
  }
  const feedForward = (x: Value, mixture: Mlp): Value =>
    mixture.kind === 'experts' ? experts(builder, x, mixture) : mlp(builder, x, mixture)

  const width = spec.inside?.width ?? spec.hidden
  const embedded = embed(builder, spec, ids, positions)
  const stream = new Stream(builder, embedded, width)
  spec.layers.forEach((layer, l) => {
    const pick = (x: Value): Value => (l === last ? graph.op('Gather', [x, rows]) : x)
    const after = (x: Value, { after }: BlockNorms): Value => (after ? norm(builder, x, after, width) : x)
    const { attentionNorms, mlpNorms } = layer
    const normed = stream.read(attentionNorms.before)
    const mixed =
      l === last && fewQueries ? lastAttention(normed, layer.attention) : pick(attention(normed, layer.attention, l))
    const attended = after(linear(builder, mixed, layer.attention.out), attentionNorms)
    stream.map(pick)
    // parallel blocks read the stream before anything is added to it
    const shared = attentionNorms.before?.weight === mlpNorms.before?.weight
    const read = layer.residual !== 'parallel' ? null : shared ? pick(normed) : stream.read(mlpNorms.before)
    stream.add(attended)
    stream.close(attentionNorms.closing)
    stream.add(after(feedForward(read ?? stream.read(mlpNorms.before), layer.mlp), mlpNorms))
    stream.close(mlpNorms.closing)
    if (l === 0 && !spec.causal && spec.convolution) {
      const { convolution: conv } = spec
      stream.add(pick(convolution(builder, embedded, conv, spec.hidden, { shape, lengths: 'lengths' })))
      stream.close(conv.norm)
    }
  })
  const normed = stream.read(spec.finalNorm)
  const hidden = spec.inside ? linear(builder, normed, spec.inside.out) : normed
  return {
    hidden,
    ropes: rotary.ropes,
    alibiHeads: alibi.heads,
    cache: cache?.layers ?? null,
    carried,
  }
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

/** [tokens, the stream's width] */
function embed(builder: Builder, { embedding, vocab, inside }: ModelSpec, ids: Value, positions: Value): Value {
  const { graph, weights, type } = builder
  const { tokens, width, scale, types, positions: learned, norm: norming, projection } = embedding
  const table = (name: string, rows: number, indices: Value, columns = width): Value =>
    weights.gather(type, name, [rows, columns], graph.op('Reshape', [indices, graph.ints([-1])]))
  let x = table(tokens, vocab, ids)
  if (scale !== null) x = graph.op('Mul', [x, castFrom(graph, graph.float(scale), 'float', type)])
  if (inside) x = linear(builder, x, inside.into)
  if (types !== null)
    x = graph.op('Add', [x, table(types.name, types.rows, graph.input('types', 'int64', ['batch', 'seq']))])
  if (learned !== null) {
    const row = learned.offset === 0 ? positions : graph.op('Add', [positions, graph.int(learned.offset)])
    x = graph.op('Add', [x, table(learned.name, learned.rows + learned.offset, row, inside?.width)])
  }
  if (norming !== null) x = norm(builder, x, norming, width)
  return projection === null ? x : linear(builder, x, projection)
}

/** What of a layer asks: all tokens, or the rows of the head. */
interface Queries {
  /** [tokens, width] → [batch, seq, width] */
  readonly grid: (x: Value) => Value
  /** Places in the flattened ids; null: all. */
  readonly rows: Value | null
}

/** [tokens, hidden] → [queries, heads · headDim], before the output projection. */
function attentionBlock(
  builder: Builder,
  x: Value,
  spec: AttentionSpec,
  attend: (q: Value, k: Value, v: Value) => Value,
  rotary: RotaryInputs,
  { grid, rows }: Queries,
): Value {
  const { graph } = builder
  const { heads, kvHeads, headDim } = spec
  const [q, k, v] = project(builder, x, spec, rows)
  const normed = (y: Value, count: number, which: 'q' | 'k'): Value =>
    clipped(builder, normHeads(builder, y, which, count, spec), spec.clip)
  const turned = (y: Value, count: number, at: Value | null): Value =>
    spec.rope ? rotary.rotate(y, spec.rope, count, headDim, at) : y
  const asking = normed(q, heads, 'q')
  const mixed = attend(
    turned(rows === null ? grid(asking) : graph.op('Unsqueeze', [asking, graph.ints([0])]), heads, rows),
    turned(grid(normed(k, kvHeads, 'k')), kvHeads, null),
    grid(clipped(builder, v, spec.clip)),
  )
  return graph.op('Reshape', [mixed, graph.ints([-1, heads * headDim])])
}

function clipped({ graph, type }: Builder, y: Value, bound: number | undefined): Value {
  if (bound === undefined) return y
  const limit = (at: number): Value => castFrom(graph, graph.float(at), 'float', type)
  return graph.op('Clip', [y, limit(-bound), limit(bound)])
}

/** q [queries, heads · headDim], k and v [tokens, kvHeads · headDim]. @param rows of the queries; null: all tokens */
function project(
  builder: Builder,
  x: Value,
  { projection, heads, kvHeads, headDim }: AttentionSpec,
  rows: Value | null,
): QueryKeyValue {
  const { graph } = builder
  const asking = (y: Value): Value => (rows === null ? y : graph.op('Gather', [y, rows]))
  if (projection.kind === 'separate') {
    const { q, k, v } = projection
    return [linear(builder, asking(x), q), linear(builder, x, k), linear(builder, x, v)]
  }
  const qkv = linear(builder, x, projection.qkv)
  const [all, k, v] = projection.kind === 'fused' ? sideBySide() : byHead()
  const q = asking(all)
  const { added } = projection
  if (added === undefined) return [q, k, v]
  const plus = (y: Value, name: string): Value =>
    graph.op('Add', [y, builder.weights.as(builder.type, name, [heads * headDim])])
  return [plus(q, added.q), k, plus(v, added.v)]

  function sideBySide(): QueryKeyValue {
    const sizes = graph.ints([heads * headDim, kvHeads * headDim, kvHeads * headDim])
    return graph.ops('Split', [qkv, sizes], 3, { axis: 1 }) as QueryKeyValue
  }
  function byHead(): QueryKeyValue {
    const group = heads / kvHeads
    const apart = graph.op('Reshape', [qkv, graph.ints([-1, kvHeads, group + 2, headDim])])
    const counts = [heads, kvHeads, kvHeads]
    return graph
      .ops('Split', [apart, graph.ints([group, 1, 1])], 3, { axis: 2 })
      .map((part, i) => graph.op('Reshape', [part, graph.ints([-1, counts[i]! * headDim])])) as QueryKeyValue
  }
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

  /** @param rows of x, as places in the flattened ids; null: x [batch, seq, …] is all tokens, else [1, rows, …] */
  rotate(x: Value, rope: Rope, heads: number, headDim: number, rows: Value | null): Value {
    let i = this.ropes.findIndex((known) => sameRope(known, rope))
    if (i < 0) i = this.#declare(rope)
    const tables = this.#tables[i]!
    if (rows === null) return rotate(this.builder, x, tables, heads, headDim, rope)
    const { graph } = this.builder
    const all = graph.op('Reshape', [this.positions, graph.ints([-1])])
    const positions = graph.op('Unsqueeze', [graph.op('Gather', [all, rows]), graph.ints([0])])
    return rotate(this.builder, x, { ...tables, positions }, heads, headDim, rope)
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

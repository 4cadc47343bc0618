import { ATTENTION_FORMS, type AttentionForm } from './attention-forms.ts'
import type { Graph, Value } from './graph.ts'
import type { ElementType } from './onnx.ts'
import type { AttentionSpec, ModelSpec } from './spec.ts'
import { cast, castFrom } from './weights.ts'

/** How a graph attends: in one of these forms, or, to continue texts, to keys and values that it is given (`cache`, cache.ts). */
export type GraphForm = AttentionForm | 'cache'

/**
 * q [batch, seq, heads · headDim], k, v [batch, seq, kvHeads · headDim] → [batch, seq, heads · headDim]
 * @param scores [batch, heads, seq, seq], added to those of q and k; for the forms with a mask
 */
export type Attend = (q: Value, k: Value, v: Value, spec: AttentionSpec, scores?: Value) => Value

/** What all layers share: the shape [batch, seq] of the ids as a value, and whether a query sees only what stands before it. */
export interface Seen {
  readonly shape: Value
  readonly causal: boolean
}

/** The forms that a model can take: those without a mask know no other order than the causal one, and `prompts` knows no window. */
export function attentionForms({ causal, layers }: Pick<ModelSpec, 'causal' | 'layers'>): readonly AttentionForm[] {
  if (!causal) return ['attention', 'plain']
  const windowed = layers.some(({ attention }) => attention.window !== null)
  return ATTENTION_FORMS.filter((form) => form !== 'prompts' || !windowed)
}

/** Adds the inputs that a form other than `split` needs (packing.ts fills them) and returns how it attends. */
export function attentionOf(
  form: Exclude<AttentionForm, 'split'>,
  graph: Graph,
  type: ElementType,
  seen: Seen,
): Attend {
  const { shape } = seen
  switch (form) {
    case 'gqa':
      return paddedHeads(graph, shape, causalAttention(graph, shape))
    case 'attention':
      return maskedAttention(graph, type, seen)
    case 'prompts':
      return promptsAttention(graph)
    case 'plain':
      return plainAttention(graph, type, seen)
  }
}

/** GroupQueryAttention takes head sizes that are multiples of 8; others are filled up with zeros, which change no sum. */
function paddedHeads(graph: Graph, shape: Value, attend: Attend): Attend {
  return (q, k, v, spec) => {
    const { heads, kvHeads, headDim } = spec
    const missing = (8 - (headDim % 8)) % 8
    if (missing === 0) return attend(q, k, v, spec)
    const wide = headDim + missing
    const resize = (x: Value, count: number, from: number, change: (x: Value) => Value, to: number): Value => {
      const dims = (size: number): Value => graph.op('Concat', [shape, graph.ints([count, size])], { axis: 0 })
      const flat = graph.op('Concat', [shape, graph.ints([count * to])], { axis: 0 })
      return graph.op('Reshape', [change(graph.op('Reshape', [x, dims(from)])), flat])
    }
    const pad = (x: Value): Value => graph.op('Pad', [x, graph.ints([0, 0, 0, 0, 0, 0, 0, missing])])
    const cut = (x: Value): Value => graph.op('Slice', [x, graph.ints([0]), graph.ints([headDim]), graph.ints([3])])
    const mixed = attend(
      resize(q, heads, headDim, pad, wide),
      resize(k, kvHeads, headDim, pad, wide),
      resize(v, kvHeads, headDim, pad, wide),
      { ...spec, headDim: wide },
    )
    return resize(mixed, heads, wide, cut, headDim)
  }
}

const groupQuery = (spec: AttentionSpec) => ({
  num_heads: spec.heads,
  kv_num_heads: spec.kvHeads,
  do_rotary: 0,
  scale: { float: spec.scale },
  ...(spec.window !== null && { local_window_size: spec.window }),
  ...(spec.softcap !== null && { softcap: { float: spec.softcap } }),
})

/** Causal rows, padded on the right: what stands after a token never reaches it, so no mask is needed. */
function causalAttention(graph: Graph, shape: Value): Attend {
  const batch = graph.op('Gather', [shape, graph.ints([0])])
  const seq = graph.op('Gather', [shape, graph.int(1)])
  const last = graph.op('Expand', [graph.op('Sub', [seq, graph.ints([1])]), batch])
  const lastKey = cast(graph, last, 'int32')
  const keys = cast(graph, seq, 'int32')
  return (q, k, v, spec) =>
    graph.contribOutputs(
      'GroupQueryAttention',
      [q, k, v, '', '', lastKey, keys],
      [true, true, true],
      groupQuery(spec),
    )[0]!
}

/**
 * All places stand in one row, those of the prompts [prompts, prompt length] before those of the completions, which are not padded
 * (prompt-rows.ts): only here they are rows, gathered and taken apart again. A prompt's row is causal; a completion's too, behind the keys and
 * values of its prompt, which the operator takes as a past: its causal rule then counts from the past's end, as a flash kernel's does. Prompts
 * have one length and completions are padded on the right alone, so nothing that is read sees padding.
 */
function promptsAttention(graph: Graph): Attend {
  const tokens = graph.input('row_tokens', 'int64', [2])
  const prompts = graph.input('prompt_rows', 'int64', [2])
  const grid = graph.input('grid', 'int64', ['completions', 'width'])
  const fromGrid = graph.input('from_grid', 'int64', ['own'])
  const promptOf = graph.input('prompt_of', 'int64', ['completions'])
  const promptShape = graph.op('Concat', [prompts, graph.ints([-1])], { axis: 0 })
  return (q, k, v, { heads, kvHeads, headDim, scale, softcap }) => {
    const flat = (x: Value, count: number): Value => graph.op('Reshape', [x, graph.ints([-1, count * headDim])])
    /** Rows of the prompts [prompts, length, …] and of the completions [completions, width, …]. */
    const rowsOf = (x: Value, count: number): readonly [prompt: Value, completion: Value] => {
      const [first, second] = graph.ops('Split', [flat(x, count), tokens], 2, { axis: 0 })
      return [graph.op('Reshape', [first!, promptShape]), graph.op('Gather', [second!, grid])]
    }
    const [ofPrompt, own] = rowsOf(q, heads)
    const [promptKeys, ownKeys] = rowsOf(k, kvHeads)
    const [promptValues, ownValues] = rowsOf(v, kvHeads)
    /** [prompts, length, kvHeads · headDim] → [completions, kvHeads, length, headDim] */
    const pastOf = (x: Value): Value => {
      const dims = graph.op('Concat', [prompts, graph.ints([kvHeads, headDim])], { axis: 0 })
      const byHead = graph.op('Transpose', [graph.op('Reshape', [x, dims])], { perm: [0, 2, 1, 3] })
      return graph.op('Gather', [byHead, promptOf])
    }
    const attributes = {
      is_causal: 1,
      q_num_heads: heads,
      kv_num_heads: kvHeads,
      scale: { float: scale },
      ...(softcap !== null && { softcap: { float: softcap } }),
    }
    const prompt = graph.op('Attention', [ofPrompt, promptKeys, promptValues], attributes)
    // with a past the operator gives the present, too; nothing reads it
    const [rows] = graph.ops(
      'Attention',
      [own, ownKeys, ownValues, '', pastOf(promptKeys), pastOf(promptValues)],
      3,
      attributes,
    )
    const completions = graph.op('Gather', [flat(rows!, heads), fromGrid])
    const all = graph.op('Concat', [flat(prompt, heads), completions], { axis: 0 })
    return graph.op('Unsqueeze', [all, graph.ints([0])])
  }
}

/** Which keys a query sees, bool [batch, 1, seq, seq], by window. */
function visibility(graph: Graph, { shape, causal }: Seen): (window: number | null) => Value {
  const all = causal ? tree(graph) : wholeText(graph, shape)
  const windows = new Map<number, Value>()
  return (window) => {
    if (window === null) return all
    const known = windows.get(window)
    if (known !== undefined) return known
    const from = graph.op('Unsqueeze', ['positions', graph.ints([1, 3])])
    const to = graph.op('Unsqueeze', ['positions', graph.ints([1, 2])])
    const distance = graph.op('Sub', [from, to])
    const near = graph.op('Less', [causal ? distance : graph.op('Abs', [distance]), graph.int(window)])
    const both = graph.op('And', [all, near])
    windows.set(window, both)
    return both
  }
}

/**
 * Rows are trees in preorder: key j is seen from its own place up to `subtree_end`[j], the place after the last token that continues
 * it; in a padded row that is the row's end.
 */
function tree(graph: Graph): Value {
  const ends = graph.input('subtree_end', 'int64', ['batch', 'seq'])
  const place = placesOf(graph, graph.op('Shape', [ends]))
  const query = graph.op('Unsqueeze', [place, graph.ints([0, 1, 3])])
  const key = graph.op('Unsqueeze', [place, graph.ints([0, 1, 2])])
  const below = graph.op('Less', [query, graph.op('Unsqueeze', [ends, graph.ints([1, 2])])])
  return graph.op('And', [graph.op('LessOrEqual', [key, query]), below])
}

/** A row is one text, padded on the right: the first `lengths`[row] keys are seen from everywhere. */
function wholeText(graph: Graph, shape: Value): Value {
  const lengths = graph.op('Unsqueeze', [graph.input('lengths', 'int64', ['batch']), graph.ints([1])])
  const real = graph.op('Less', [placesOf(graph, shape), lengths])
  const square = graph.op('Concat', [shape, graph.op('Gather', [shape, graph.ints([1])])], { axis: 0 })
  const rows = graph.op('Expand', [graph.op('Unsqueeze', [real, graph.ints([1])]), square])
  return graph.op('Unsqueeze', [rows, graph.ints([1])])
}

/** 0 … seq − 1 */
const placesOf = (graph: Graph, shape: Value): Value =>
  graph.op('Range', [graph.int(0), graph.op('Gather', [shape, graph.int(1)]), graph.int(1)])

/** The mask as numbers to add: 0 where seen. float16's lowest finite number is enough for every type. */
function additive(graph: Graph, type: ElementType, seenBy: Seen): (window: number | null) => Value {
  const seen = visibility(graph, seenBy)
  const masks = new Map<number | null, Value>()
  return (window) => {
    const known = masks.get(window)
    if (known !== undefined) return known
    const mask = cast(graph, graph.op('Where', [seen(window), graph.float(0), graph.float(-65504)]), type)
    masks.set(window, mask)
    return mask
  }
}

/** What is added to the scores of q and k. */
const withScores = (graph: Graph, mask: Value, scores: Value | undefined): Value =>
  scores === undefined ? mask : graph.op('Add', [scores, mask])

function maskedAttention(graph: Graph, type: ElementType, seen: Seen): Attend {
  const maskOf = additive(graph, type, seen)
  return (q, k, v, spec, scores) =>
    graph.op('Attention', [q, k, v, withScores(graph, maskOf(spec.window), scores)], {
      q_num_heads: spec.heads,
      kv_num_heads: spec.kvHeads,
      scale: { float: spec.scale },
      ...(spec.softcap !== null && { softcap: { float: spec.softcap } }),
    })
}

/** Grouped queries without copies of k and v: the group is folded into the row axis, [b, kvHeads, group · seq, headDim]. */
function plainAttention(graph: Graph, type: ElementType, seen: Seen): Attend {
  const maskOf = additive(graph, type, seen)
  const { shape } = seen
  const batch = graph.op('Gather', [shape, graph.ints([0])])
  const seq = graph.op('Gather', [shape, graph.ints([1])])
  const sizes = (...dims: readonly (Value | number)[]): Value =>
    graph.op(
      'Concat',
      dims.map((dim) => (typeof dim === 'number' ? graph.ints([dim]) : dim)),
      { axis: 0 },
    )
  const scalar = (value: number): Value => castFrom(graph, graph.float(value), 'float', type)
  return (q, k, v, { heads, kvHeads, headDim, scale, window, softcap }, scores) => {
    const group = heads / kvHeads
    const split = graph.op('Reshape', [graph.op('Mul', [q, scalar(scale)]), sizes(batch, seq, kvHeads, group, headDim)])
    const rows = graph.op('Reshape', [
      graph.op('Transpose', [split], { perm: [0, 2, 3, 1, 4] }),
      sizes(batch, kvHeads, -1, headDim),
    ])
    const heads4 = (x: Value, perm: readonly number[]): Value =>
      graph.op('Transpose', [graph.op('Reshape', [x, sizes(batch, seq, kvHeads, headDim)])], { perm })
    const raw = graph.op('Reshape', [
      graph.op('MatMul', [rows, heads4(k, [0, 2, 3, 1])]),
      sizes(batch, heads, seq, seq),
    ])
    const capped =
      softcap === null
        ? raw
        : graph.op('Mul', [graph.op('Tanh', [graph.op('Div', [raw, scalar(softcap)])]), scalar(softcap)])
    const masked = graph.op('Add', [capped, withScores(graph, maskOf(window), scores)])
    const wide = castFrom(graph, masked, type, 'float')
    const softmax = graph.op('Softmax', [wide], { axis: -1 })
    const weights = castFrom(graph, softmax, 'float', type)
    const mixed = graph.op('MatMul', [
      graph.op('Reshape', [weights, sizes(batch, kvHeads, -1, seq)]),
      heads4(v, [0, 2, 1, 3]),
    ])
    const back = graph.op('Transpose', [graph.op('Reshape', [mixed, sizes(batch, kvHeads, group, seq, headDim)])], {
      perm: [0, 3, 1, 2, 4],
    })
    return graph.op('Reshape', [back, sizes(batch, seq, heads * headDim)])
  }
}

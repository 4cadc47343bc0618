import type { Value } from './graph.ts'
import { type Builder, linear, mlp, unquantised } from './ops.ts'
import type { Experts } from './spec.ts'
import { cast, castFrom } from './weights.ts'

/**
 * A mixture of experts (Shazeer et al. 2017, arXiv:1701.06538), as transformers computes it: softmax of the router's logits in
 * float32, the k largest weights of each token, their experts' outputs averaged by them. [tokens, hidden] → the same.
 *
 * Only what is routed is computed: the tokens are copied k times, sorted by expert and cut where the next expert begins, so each expert
 * multiplies its own rows, in one piece, and none where it has none. Each expert's weights stay where they lie in the file.
 */
export function experts(builder: Builder, x: Value, spec: Experts): Value {
  const { graph, type } = builder
  const { topK, router } = spec
  const hidden = router.inputs
  const column = graph.ints([1])
  const logits = castFrom(graph, linear(unquantised(builder), x, router), type, 'float')
  const [largest, chosen] = graph.ops('TopK', [graph.op('Softmax', [logits], { axis: 1 }), graph.ints([topK])], 2, {
    axis: 1,
  }) as [Value, Value]
  const share = spec.normalised
    ? graph.op('Div', [largest, graph.op('ReduceSum', [largest, column], { keepdims: 1 })])
    : largest

  const { order, counts } = byExpert(builder, graph.op('Reshape', [chosen, graph.ints([-1])]), spec.experts.length)
  const sorted = graph.op('Gather', [x, graph.op('Div', [order, graph.int(topK)])])
  const mapped = plannedApart(builder, sorted, (inner) => {
    const parts = inner.graph.ops('Split', [sorted, counts], spec.experts.length, { axis: 0 })
    const each = spec.experts.map((expert, e) => mlp(inner, parts[e]!, expert))
    return inner.graph.op('Concat', each, { axis: 0 })
  })
  const back = graph.op('ScatterElements', [order, order, countUp(builder, order)])
  const byToken = graph.op('Reshape', [graph.op('Gather', [mapped, back]), graph.ints([-1, topK, hidden])])
  const weights = graph.op('Unsqueeze', [castFrom(graph, share, 'float', type), column])
  const routed = graph.op('Reshape', [graph.op('MatMul', [weights, byToken]), graph.ints([-1, hidden])])
  if (spec.shared === null) return routed
  const gate = graph.op('Sigmoid', [castFrom(graph, linear(unquantised(builder), x, spec.shared.gate), type, 'float')])
  const everyones = graph.op('Mul', [castFrom(graph, gate, 'float', type), mlp(builder, x, spec.shared.mlp)])
  return graph.op('Add', [routed, everyones])
}

/**
 * Nodes in a branch of their own, [rows, hidden] → the same; the other branch is never taken, as there always are rows. ONNX Runtime plans
 * the memory of a graph when it opens, comparing each buffer with every free one before it: in one graph the experts of Qwen3-30B-A3B
 * would take minutes, layer by layer they take seconds.
 */
function plannedApart(builder: Builder, x: Value, make: (inner: Builder) => Value): Value {
  const { graph, type } = builder
  const branch = (name: string, from: (inner: Builder) => Value) => {
    const body = graph.body(name)
    body.output(`${x}_${name}`, type, [`${x}_rows`, `${x}_width`], from({ ...builder, graph: body }))
    return { body: body.record() }
  }
  const anything = graph.op('Greater', [graph.op('Size', [x]), graph.int(0)])
  return graph.op('If', [anything], {
    then_branch: branch('mapped', make),
    else_branch: branch('as_it_is', () => x),
  })
}

/**
 * The places of `chosen` [tokens · k] sorted by the expert that stands there, `order` [tokens · k], and how many each expert has,
 * `counts` [experts].
 */
function byExpert({ graph }: Builder, chosen: Value, count: number): { readonly order: Value; readonly counts: Value } {
  const order = graph.ops('TopK', [chosen, graph.op('Shape', [chosen])], 2, { axis: 0, largest: 0 })[1]!
  const each = graph.ints(Array.from({ length: count }, (_, e) => e))
  const hits = graph.op('Equal', [graph.op('Unsqueeze', [chosen, graph.ints([1])]), each])
  const counts = graph.op('ReduceSum', [cast(graph, hits, 'int64'), graph.ints([0])], { keepdims: 0 })
  return { order, counts }
}

/** 0, 1, 2 … as long as a vector is. */
function countUp({ graph }: Builder, vector: Value): Value {
  const length = graph.op('Squeeze', [graph.op('Shape', [vector]), graph.ints([0])])
  return graph.op('Range', [graph.int(0), length, graph.int(1)])
}

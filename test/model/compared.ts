import type { OpenModel } from '../../src/model/open.ts'
import { turnsAs } from '../../src/model/rope.ts'
import { type PlanOptions, planBatches } from '../../src/score/plan.ts'
import type { Runner, Sequence } from '../../src/types.ts'
import type { GoldenModel } from './golden.ts'

/** What was computed of one text, beside what the reference gives. */
export interface Compared {
  readonly label: string
  readonly got: readonly number[]
  readonly expected: readonly number[]
}

export interface Layout extends Pick<PlanOptions, 'layout' | 'batchSize'> {
  readonly name: string
}
/** Every way in which a batch can be laid out. */
export const LAYOUTS: readonly Layout[] = [
  { name: 'alone', layout: 'padded', batchSize: 1 },
  { name: 'padded', layout: 'padded', batchSize: 8 },
  { name: 'shared', layout: 'shared', batchSize: 64 },
]
/** Every sequence behind its own beginning, which a run before it computed and kept. */
export const CARRIED: Layout = { name: 'carried', layout: 'shared', batchSize: 1 }

/** Those that a model's form of attention takes. */
export const layoutsOf = ({ batching, attention }: Pick<OpenModel, 'batching' | 'attention'>): readonly Layout[] => [
  ...LAYOUTS.filter(({ layout }) => layout === 'padded' || (batching.causal && attention !== 'gqa')),
  ...(batching.packed ? [CARRIED] : []),
]

/** The outputs of every sequence, in their order. */
export async function outputsOf(
  runner: Runner,
  sequences: readonly Sequence[],
  way: Layout,
  { packed, prompts = false, rowMultiple = 1 }: Pick<PlanOptions, 'packed' | 'prompts' | 'rowMultiple'>,
): Promise<Float32Array[]> {
  if (way === CARRIED) return carriedOutputs(runner, sequences)
  const { layout, batchSize } = way
  const outputs = new Map<number, Float32Array>()
  for (const batch of planBatches(sequences, {
    layout,
    batchSize,
    packed,
    prompts,
    rowMultiple,
    batchTokens: 4096,
  })) {
    const ran = await runner.run(batch, sequences)
    for (const [i, index] of batch.sequences.entries()) outputs.set(index, ran[i]!)
  }
  return sequences.map((_, index) => {
    const output = outputs.get(index)
    if (output === undefined) throw new Error(`sequence ${index} was not measured`)
    return output
  })
}

/** As much as a head leaves, half of it, and one token; of all three the last is returned, and the others must agree with it to the bit or nearly. */
async function carriedOutputs(runner: Runner, sequences: readonly Sequence[]): Promise<Float32Array[]> {
  const outputs: Float32Array[] = []
  for (const [index, { ids, reads }] of sequences.entries()) {
    const most = Math.max(0, Math.min(...reads) - (runner.info.kind === 'logProb' ? 1 : 0))
    const batch = { layout: 'shared', sequences: [index], prefix: 0, reused: [0], tokens: ids.length } as const
    const found: Float32Array[] = []
    for (const kept of [1, most >> 1, most].filter((n) => n <= most)) {
      await runner.run({ ...batch, kept }, sequences)
      found.push((await runner.run({ ...batch, carried: kept, tokens: ids.length - kept }, sequences))[0]!)
    }
    const last = found.at(-1) ?? (await runner.run(batch, sequences))[0]!
    for (const other of found)
      for (const [i, value] of other.entries())
        if (Math.abs(value - last[i]!) > 2e-5 + 1e-5 * Math.abs(value))
          throw new Error(`sequence ${index} gives ${value} and ${last[i]} behind other numbers of carried tokens`)
    outputs.push(last)
  }
  return outputs
}

/** The heads of these models ask for nothing but the ids. */
const NO_FACTS = { padTokenId: null, encode: () => new Int32Array() }

/** Every case of a golden, laid out in one way. One group: all are in one tree, so that shared prefixes of all lengths occur. */
export async function compareGolden(
  golden: GoldenModel,
  model: OpenModel,
  runner: Runner,
  layout: Layout,
): Promise<Compared[]> {
  const { reads } = model.built.head
  const sequences = golden.cases.map(({ sequence }) => ({
    ...sequence,
    reads: (reads?.(sequence.ids, NO_FACTS) as Int32Array | undefined) ?? sequence.reads,
    group: 0,
    turnsAs: turnsAs(model.built.ropes, sequence.positionStart + sequence.ids.length),
  }))
  const outputs = await outputsOf(runner, sequences, layout, model.batching)
  return golden.cases.map(({ label, expected }, i) => ({ label, expected, got: [...outputs[i]!] }))
}

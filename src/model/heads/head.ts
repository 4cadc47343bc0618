import { ModelError } from '../../errors.ts'
import type { Comparison, MeasurementKind, StepRule, Unscored } from '../../types.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { labelConfig, readConfig, refuse } from '../config.ts'
import type { Value } from '../graph.ts'
import type { Builder } from '../ops.ts'
import type { Ignored, ModelSpec } from '../spec.ts'
import { cast, castFrom } from '../weights.ts'

/** What stands on a model's last hidden states and gives its numbers. A new head is one file in heads/ and one line in its index.ts. */
export interface Head {
  /** As run.json names it. */
  readonly name: string
  /** `head`: rewards of a text, a number per label; `logProb`: the log-probability of each of its tokens. */
  readonly kind: MeasurementKind
  /** Whether a checkpoint carries this head: by its tensors, then by config.json, never by its name. */
  claims(checkpoint: Checkpoint): boolean
  open(checkpoint: Checkpoint, spec: ModelSpec): OpenHead
}

/** A head on one checkpoint. */
export interface OpenHead {
  readonly name: string
  readonly kind: MeasurementKind
  /** Names of its outputs, in order; none for log-probabilities. */
  readonly labels: readonly string[]
  /** How a text becomes ids for it. */
  readonly text: HeadText
  /**
   * The places that it reads of the ids that transformers sees, a second BOS included; or why it cannot read this text. null: one
   * token, the one that `--pooling` says.
   */
  readonly reads: Reads | null
  /** Of a process head, which gives a row per step: how steps are found. Default: none, the head gives one row. */
  readonly steps?: StepRule
  /** Of a head that compares two answers: how it is shown them. Default: it reads one. */
  readonly compares?: Comparison
  /** Outputs that it has beside its scores, for who asks for them: `raw_<name>` [rows, count]. Default: none. */
  readonly raw?: readonly RawOutput[]
  /** Of how many places one row of its output is made; they come one after the other in `hidden`. `all`: of all that a text is read at. */
  readonly rowsPerOutput: number | 'all'
  /** Columns of the widest value that it computes, for the estimate of memory; 0 where that is small. */
  readonly width: number
  /** What to tell the user of it. Default: nothing. */
  readonly notes?: readonly string[]
  /** Tensors that the checkpoint may carry beside it and that it does not read. */
  readonly ignored: readonly Ignored[]
  /**
   * Adds its nodes and outputs.
   * @param hidden [rows, hidden], in the type that the graph computes with: the places that the head reads
   */
  graph(builder: Builder, hidden: Value): void
}

/** What a run needs to know of a head, whoever made its nodes. */
export type HeadUse = Omit<OpenHead, 'rowsPerOutput' | 'width' | 'ignored' | 'graph'>

/** What a head computes on the way to its score: objectives, gates … */
export interface RawOutput {
  readonly name: string
  readonly count: number
}
/** One name a number. @example rawNames({ raw: [{ name: 'gate', count: 2 }] }) // ['gate_0', 'gate_1'] */
export const rawNames = ({ raw = [] }: Pick<OpenHead, 'raw'>): string[] =>
  raw.flatMap(({ name, count }) => Array.from({ length: count }, (_, i) => `${name}_${i}`))

/** A reading rule. */
export type Reads = (ids: Int32Array, facts: TextFacts) => Int32Array | Unscored

/** [rows, hidden] → [texts, hidden], float32: the mean over all places of a text. Input `owners` [rows]: which text of the batch a row belongs to. */
export function meanOfText({ graph, type }: Builder, hidden: Value): Value {
  const owners = graph.input('owners', 'int64', ['rows'])
  const last = graph.op('ReduceMax', [owners], { keepdims: 0 })
  const texts = graph.op('Range', [graph.int(0), graph.op('Add', [last, graph.int(1)]), graph.int(1)])
  const column = graph.op('Unsqueeze', [texts, graph.ints([1])])
  const belongs = cast(graph, graph.op('Equal', [column, owners]), 'float')
  const sums = graph.op('MatMul', [belongs, castFrom(graph, hidden, type, 'float')])
  return graph.op('Div', [sums, graph.op('ReduceSum', [belongs, graph.ints([1])], { keepdims: 1 })])
}

/** What a reading rule may ask. */
export interface TextFacts {
  readonly padTokenId: number | null
  /** Ids of a text without special tokens. */
  encode(text: string): Int32Array
}

export interface HeadText {
  /** Whether the tokenizer's own special tokens are added. */
  readonly addSpecialTokens: boolean
  /** An id that must stand last, appended where it does not (InternLM2's reward token); else null. */
  readonly appendId: number | null
  /** What RewardBench's pipeline of this head does with the first of two BOS, as `--herm-compat` does; else it always counts once. */
  readonly hermDoubleBos: 'repair' | 'keep'
}

/** What transformers' own classes do. */
export const PLAIN_TEXT: HeadText = { addSpecialTokens: true, appendId: null, hermDoubleBos: 'repair' }

/** What most of RewardBench's own pipelines do: both BOS count. */
export const BOTH_BOS: HeadText = { ...PLAIN_TEXT, hermDoubleBos: 'keep' }

/** The causal head of a model whose reward head is read. */
export const CAUSAL_HEAD_UNREAD: Ignored = {
  pattern: /^lm_head\.(weight|bias)$/,
  reason: 'the causal head; the reward head is read instead',
}

/** Label names of a head, and what to say of them. */
interface Labels {
  readonly names: readonly string[]
  readonly notes: readonly string[]
}

/**
 * Label names in the head's order; LABEL_i where config.json names none. Where it says two numbers, transformers 5 goes by `num_labels` and
 * 4 by `id2label`: the one that the head has counts, and a note says so. Where it says none, transformers takes two and stops at a head of
 * another number of rows; such a head can be read in one way only and is, with a note. A number that is said and is not the head's is
 * refused, as transformers raises on it.
 * @param weight the head's last matrix, [labels, …]
 */
export function labelsOf(checkpoint: Checkpoint, weight: string): Labels {
  const outputs = checkpoint.tensors.get(weight)?.shape[0] ?? 0
  const { id2label, num_labels, problem_type } = readConfig(labelConfig, checkpoint)
  // transformers raises (configuration_utils.py)
  if (problem_type === 'single_label_classification' && outputs === 1)
    throw refuse(
      checkpoint,
      'problem_type',
      problem_type,
      'of one class, which transformers refuses; a reward is "regression"',
    )
  const numbers = Array.from({ length: outputs }, (_, i) => `LABEL_${i}`)
  const named = id2label
    ? Object.entries(id2label)
        .sort(([a], [b]) => Number(a) - Number(b))
        .map(([, name]) => name)
    : null
  if (named?.length === outputs || num_labels === outputs) {
    const names = named?.length === outputs ? named : numbers
    return named && num_labels && num_labels !== named.length
      ? {
          names,
          notes: [
            `config.json says ${num_labels} labels ("num_labels") and names ${named.length} ("id2label"); the head has ${outputs}`,
          ],
        }
      : { names, notes: [] }
  }
  const said = named?.length ?? num_labels ?? null
  if (said !== null)
    throw new ModelError(
      `"${weight}" gives ${outputs} values, config.json names ${said} labels${named ? `: ${named.slice(0, 8).join(', ')}` : ''}`,
      checkpoint.dir,
      `transformers stops at it, too. If the head is the right one, write "id2label" with ${outputs} names into config.json.`,
    )
  const isAdapters = checkpoint.adapter?.added.includes(weight)
  return {
    names: numbers,
    notes:
      outputs === 2 || isAdapters
        ? []
        : [
            `config.json says nothing of labels: transformers then expects two and stops at this head, which has ${outputs === 1 ? 'one row, the reward' : `${outputs} rows, called LABEL_0 …`}`,
          ],
  }
}

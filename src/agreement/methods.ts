import { MIN_DEFINED } from '../stats/bootstrap.ts'
import { markdownText, visibleLine } from '../visible-text.ts'
import { FOLDS } from './calibration.ts'
import { CLOSED_FROM } from './closed-form.ts'
import type { BootstrapSettings } from './intervals.ts'
import { MIN_CLUSTERS } from './strata.ts'

/** What the methods paragraph needs to know of a run; null = does not apply. */
export interface MethodsInput extends BootstrapSettings {
  readonly version: string
  readonly model: string
  readonly revision: string | null
  readonly reference: string | null
  readonly referenceFree: string | null
  readonly beta: number | null
  readonly dataset: string
  readonly datasetSha256: string | null
  readonly pairs: number
  readonly groups: number
  /** Completions of which the data say that they are another one's rewritten, or changed. Default: none. */
  readonly variants?: number
  /** Of pairs and groups. */
  readonly prompts: number
  readonly completions: number
  readonly unscored: number
  readonly unverifiable: number
  readonly chatTemplate: string
  readonly maxLength: number | null
  readonly truncation: string
  readonly pooling: string | null
  /** What the score of a reward model is. */
  readonly score: string
  readonly device: string
  readonly dtype: string
  /** strict or loose, soft or hard, thought tags required: the verifiable reward's options in words. */
  readonly verifier: string
  /** Whole sentences on what only some runs do: a ready-made graph, another tokenizer, texts that were cut … */
  readonly remarks: readonly string[]
}

/** Who scored, with the reference of a DPO policy, as captions call it. */
export const scorerName = ({
  model,
  reference,
  referenceFree,
}: Pick<MethodsInput, 'model' | 'reference' | 'referenceFree'>): string =>
  reference !== null
    ? `${model} against the reference ${reference}`
    : referenceFree !== null
      ? `${model}, reference-free (${referenceFree})`
      : model

const number = (n: number): string => n.toLocaleString('en-US')
const plural = (n: number, one: string): string => `${number(n)} ${one}${n === 1 ? '' : 's'}`

const shown = (text: string): string => markdownText(visibleLine(text))

/** Names of models, data and labels come from files: none may break the paragraph or act on who prints it. */
const visible = (input: MethodsInput): MethodsInput =>
  Object.fromEntries(
    Object.entries(input).map(([key, value]) => [
      key,
      typeof value === 'string' ? shown(value) : key === 'remarks' ? input.remarks.map(shown) : value,
    ]),
  ) as unknown as MethodsInput

const counted = ({ pairs, groups }: MethodsInput): string =>
  [
    ...(groups === 0 || pairs > 0 ? [plural(pairs, 'pair')] : []),
    ...(groups === 0 ? [] : [plural(groups, 'group')]),
  ].join(' and ')

const PAIRS =
  "Accuracy is the share of pairs with a positive margin (strict) and the same with a tie as one half (half). Agreement with the verifier is over pairs in which both decide: the rate, and corrected for chance with each pair in both orders, where Cohen's κ, Gwet's AC1, PABAK and Matthews' correlation are all 2 · rate − 1. "
const GROUPS =
  "Of a group, each counting the same, one completion is chosen: the first; by majority vote over the answers, compared as text or as canonical SMILES (ties to the answer seen first, no answer is wrong); or by the highest score (ties to the lower index). Best-of-n curves are expectations over all subsets of n completions, computed exactly, equal scores sharing the first place; their ceiling is pass@n and their floor the mean. A decline after the peak is tested one-sided with the largest decline over n as the statistic; p is the larger of two: prompts resampled and differences to the curve's end recentred, and rewards exchanged at random within each group. "

const INVARIANCE =
  "Within a group the data say which completions are the original answer written otherwise (twins) and which are another molecule. The flip rate is the share of wrong answers that stand in another order to a twin than to the original (a new tie counts one half), averaged over twins; the spread is the standard deviation over an original and its twins, given over the mean absolute margin between the original and the wrong answers; a changed molecule is noticed where its score differs from the original by more than the spread of the twins whose verdict is the original's. Wrong answers are the changed completions but those with as high a verifiable reward. "
const probabilities = (): string =>
  ` Probabilities follow Bradley–Terry, σ(t · margin), in both orders of each pair, at t = 1 and with t fitted on the other ${
    FOLDS - 1
  } of ${FOLDS} folds of prompts. Length-controlled accuracy is σ(α) of logit P(chosen preferred) = α + β tanh(Δlength/s.d.).`

/** methods.md: a paragraph for a paper, with the exact settings and nothing that was not done. */
export function methods(input: MethodsInput): string {
  const m = visible(input)
  const revision = m.revision === null ? '' : ` (revision ${m.revision})`
  const scorer =
    m.reference !== null
      ? `The implicit reward of ${m.model}${revision} against the reference ${m.reference} was ` +
        `β(Σ log π − Σ log ρ) over the completion's tokens, β = ${m.beta}`
      : m.referenceFree !== null
        ? `The reference-free reward ("${m.referenceFree}") of ${m.model}${revision} was taken over the completion's tokens`
        : `Each completion was scored by ${m.model}${revision}; the score is the ${m.score}` +
          (m.pooling === null ? '' : ` (pooling "${m.pooling}")`)
  const data = m.datasetSha256 === null ? m.dataset : `${m.dataset} (SHA-256 ${m.datasetSha256})`
  return `## Methods

${scorer}. Texts were rendered with the chat template "${m.chatTemplate}"${
    m.maxLength === null ? '' : `, at most ${number(m.maxLength)} tokens (longer: ${m.truncation})`
  }, and run in ${m.dtype} on ${m.device} with ONNX Runtime through chemherm ${m.version}. ${m.remarks.map((one) => `${one} `).join('')}The data set ${data} has ${counted(m)} of ${plural(m.prompts, 'prompt')} and ${plural(m.completions, 'completion')}; ${number(
    m.unscored,
  )} could not be scored and ${number(m.unverifiable)} could not be verified; these are left out of the numbers concerned and counted beside them. Verifiable rewards are ether0's: ${m.verifier}.

${m.pairs === 0 ? '' : PAIRS}${m.groups === 0 ? '' : GROUPS}${(m.variants ?? 0) === 0 ? '' : INVARIANCE}On single completions the score is compared with passing (reward ≥ 1) by AUROC and average precision, pooled and within prompt, and with the reward itself by Kendall's τ-b, Somers' D and Spearman's ρ.${m.pairs === 0 ? '' : probabilities()}

The unit of analysis is the prompt. Intervals are 95 %, from ${number(
    m.resamples,
  )} bootstrap resamples of prompts with all their rows (percentile, seed ${m.seed}), unless the table names another method: Wilson's interval with prompts as the sample size where a proportion is 0 or 1, MOVER over the subsets of a section in which all prompts of a subset are alike, Wald with cluster-robust standard errors for the length model and, from ${number(CLOSED_FROM)} prompts, for rank statistics, losses and hack rates (linearised by the rows' influence). Subsets and strata are resampled independently of each other, each from a random stream of its own under the seed; the subsets of a section that share a prompt, together. A statistic that is undefined for more than ${Math.round(
    100 * (1 - MIN_DEFINED),
  )} % of the resamples has no interval. Strata of fewer than ${MIN_CLUSTERS} prompts are marked. Baselines (longest, shortest, constant, random by the completion's place in the data, one answer tag, and where a toolkit was at hand "the SMILES parses") are judged on the pairs that the model scored.
`
}

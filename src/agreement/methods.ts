import { MIN_DEFINED } from '../stats/bootstrap.ts'
import { markdownText, visibleLine } from '../visible-text.ts'
import { FOLDS } from './calibration.ts'
import { CLOSED_FROM } from './closed-form.ts'
import type { BootstrapSettings } from './intervals.ts'
import { bibliography, Citations } from './references.ts'
import { MIN_CLUSTERS } from './strata.ts'

/** What the methods paragraph needs to know of a run; null = does not apply. */
export interface MethodsInput extends BootstrapSettings {
  readonly version: string
  readonly model: string
  readonly revision: string | null
  /** SHA-256 of config and weights, as run.json has it. */
  readonly weightsSha256?: string | null
  readonly reference: string | null
  readonly referenceRevision?: string | null
  readonly referenceSha256?: string | null
  readonly referenceFree: string | null
  readonly beta: number | null
  readonly dataset: string
  readonly datasetSha256: string | null
  /** Which rows of it were used, in words; left out or null = all. */
  readonly kept?: string | null
  readonly pairs: number
  readonly groups: number
  /** Completions of which the data say that they are another one's rewritten, or changed. Default: none. */
  readonly variants?: number
  /** Of pairs and groups. */
  readonly prompts: number
  readonly completions: number
  /** Rows that could not be read. */
  readonly unread?: number
  readonly unscored: number
  /** How many for which reason; so of the next. */
  readonly unscoredReasons?: Readonly<Record<string, number>>
  readonly unverifiable: number
  readonly unverifiableReasons?: Readonly<Record<string, number>>
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
  /** What stands in for files of ether0's that cannot be shipped. */
  readonly standIns?: readonly { readonly name: string; readonly origin: string; readonly sha256: string }[]
  /** By package. */
  readonly versions?: Readonly<Record<string, string>>
  /** Whether texts and tokens were prepared as RewardBench does. */
  readonly hermCompat?: boolean
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

const FAULTS =
  'Pairs are divided by how the rejected answer fails; both answers are well-formed where they stand in the format and, where a molecule is expected, RDKit reads them. '
const pairSentences = ({ cite }: Citations, verified: boolean): string =>
  `Accuracy is the share of pairs with a positive margin (strict), as in RewardBench${cite('lambert2025rewardbench')}, and the same with a tie as one half (half). ${verified ? `${FAULTS}${agreementSentence(cite)}` : ''}`
const agreementSentence = (cite: Citations['cite']): string =>
  `Agreement with the verifier is over pairs in which both decide: the rate, and corrected for chance with each pair in both orders, where Cohen's κ${cite('cohen1960kappa')}, Gwet's AC1${cite('gwet2008ac1')}, PABAK${cite('byrt1993pabak')} and Matthews' correlation are all 2 · rate − 1. `
const groupSentences = ({ cite }: Citations): string =>
  `Of a group, each counting the same, one completion is chosen: the first; by majority vote over the answers${cite('wang2023consistency', 'luong2024reft')}, compared as text or as canonical SMILES (ties to the answer seen first, no answer is wrong); or by the highest score (ties to the lower index). Best-of-n curves are expectations over all subsets of n completions, computed exactly, equal scores sharing the first place; their ceiling is pass@n${cite('chen2021codex')} and their floor the mean; best of four and the score of ties are RewardBench 2's${cite('malik2025rewardbench2')}. A decline after the peak is tested one-sided with the largest decline over n as the statistic; p is the larger of two: prompts resampled and differences to the curve's end recentred, and rewards exchanged at random within each group. Advantages are those of GRPO${cite('shao2024grpo')}. `

const completionSentence = ({ cite }: Citations): string =>
  `On single completions the score is compared with passing (reward ≥ 1) by AUROC and average precision, pooled and within prompt, and with the reward itself by Kendall's τ-b${cite('kendall1945ties')}, Somers' D${cite('somers1962d')} and Spearman's ρ. `

const INVARIANCE =
  "Within a group the data say which completions are the original answer written otherwise (twins) and which are another molecule. The flip rate is the share of wrong answers that stand in another order to a twin than to the original (a new tie counts one half), averaged over twins; the spread is the standard deviation over an original and its twins, given over the mean absolute margin between the original and the wrong answers; a changed molecule is noticed where its score differs from the original by more than the spread of the twins whose verdict is the original's. Wrong answers are the changed completions but those with as high a verifiable reward. "
const probabilities = ({ cite }: Citations): string =>
  `Probabilities follow Bradley–Terry${cite('bradley1952pairs')}, σ(t · margin), in both orders of each pair, at t = 1 and with t fitted on the other ${
    FOLDS - 1
  } of ${FOLDS} folds of prompts. Length-controlled accuracy${cite('dubois2024length')} is σ(α) of logit P(chosen preferred) = α + β tanh(Δlength/s.d.).`

const ofWeights = (revision: string | null | undefined, sha256: string | null | undefined): string => {
  const parts = [
    ...(revision == null ? [] : [`revision ${revision}`]),
    ...(sha256 == null ? [] : [`weights SHA-256 ${sha256}`]),
  ]
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`
}

/** A model as its revision and its weights tell it from others. @example scoredWith('m', 'abc', null) // 'm (revision abc)' */
export const scoredWith = (name: string, revision: string | null, sha256: string | null): string =>
  `${name}${ofWeights(revision, sha256)}`

/** @example statedData('d', 'ff') // 'd (SHA-256 ff)' */
export const statedData = (name: string, sha256: string | null): string =>
  sha256 === null ? name : `${name} (SHA-256 ${sha256})`

function scoreSentence(m: MethodsInput, { cite }: Citations): string {
  const model = scoredWith(m.model, m.revision, m.weightsSha256 ?? null)
  if (m.reference !== null)
    return `The implicit reward${cite('rafailov2023dpo')} of ${model} against the reference ${m.reference}${ofWeights(m.referenceRevision, m.referenceSha256)} was β(Σ log π − Σ log ρ) over the completion's tokens, β = ${m.beta}.`
  if (m.referenceFree !== null)
    return `The reference-free reward ("${m.referenceFree}") of ${model} was taken over the completion's tokens.`
  const pooling = m.pooling === null ? '' : ` (pooling "${m.pooling}"${POOLING[m.pooling] ?? ''})`
  return `Each completion was scored by ${model}; the score is the ${m.score}${pooling}.`
}
const POOLING: Readonly<Record<string, string>> = {
  hf: ': the last token that is not padding, as transformers counts it',
  mask: ': the last real token',
}
const TRUNCATION: Readonly<Record<string, string>> = {
  skip: 'a longer one is not scored',
  left: 'a longer one is cut at its beginning',
  right: 'a longer one is cut at its end',
  error: 'a longer one would have ended the run',
}

/** What read the texts, and with which software the run was made. */
function settingSentences(m: MethodsInput, { cite }: Citations): string {
  const { versions } = m
  const of = (name: string): string => (versions?.[name] === undefined ? '' : ` ${versions[name]}`)
  const template =
    m.chatTemplate === 'tokenizer' ? "the model's own chat template" : `the chat template "${m.chatTemplate}"`
  const limit =
    m.maxLength === null ? '' : `, at most ${number(m.maxLength)} tokens (${TRUNCATION[m.truncation] ?? m.truncation})`
  const herm =
    m.hermCompat === true ? ` Texts and tokens were prepared as RewardBench${cite('lambert2025rewardbench')} does.` : ''
  return `Texts were rendered with ${template} as transformers${cite('wolf2020transformers')} would${limit}, and run in ${m.dtype} on ${m.device} with ONNX Runtime${of('onnxruntime-node')}${cite('onnxruntime')} by chemherm ${m.version}${cite('chemherm')}${versions === undefined ? '' : ` under Node.js${of('node')}`}.${herm}`
}

/** @example reasons({ too_long: 2 }) // ' (too_long 2)' */
const reasons = (counts: Readonly<Record<string, number>> | undefined): string => {
  const found = Object.entries(counts ?? {}).filter(([, n]) => n > 0)
  return found.length === 0 ? '' : ` (${found.map(([reason, n]) => `${shown(reason)} ${number(n)}`).join(', ')})`
}

function dataSentences(m: MethodsInput): string {
  const data = statedData(m.dataset, m.datasetSha256)
  const kept = m.kept ?? null
  const lost = [
    ...((m.unread ?? 0) === 0 ? [] : [`${plural(m.unread!, 'row')} could not be read`]),
    ...(m.model === 'none' ? [] : [`${number(m.unscored)} could not be scored${reasons(m.unscoredReasons)}`]),
    `${number(m.unverifiable)} could not be verified${reasons(m.unverifiableReasons)}`,
  ]
  const listed = lost.length === 1 ? lost[0] : `${lost.slice(0, -1).join(', ')} and ${lost.at(-1)}`
  const used = kept === null ? `The data set ${data} has` : `Of the data set ${data} ${kept} were used:`
  return `${used} ${counted(m)} of ${plural(m.prompts, 'prompt')} and ${plural(m.completions, 'completion')}; ${listed}; these are left out of the numbers concerned and counted beside them.`
}

/** What a stand-in decides. */
const EFFECTS: Readonly<Record<string, string>> = {
  rings: "a molecule with a ring system that is not in it fails ether0's plausibility check (failed_ring_check)",
  fingerprints: 'a molecule with an atom environment that is not in it fails that check (failed_reos_check)',
  purchasable: 'a reactant that is not in it counts as not for sale (not_purchasable)',
}

function verifierSentences(m: MethodsInput, { cite }: Citations): string {
  if (m.unverifiable === m.completions && m.completions > 0)
    return 'No completion could be verified, so that nothing is said of verifiable rewards.'
  if (m.verifier === 'not computed') return 'Verifiable rewards were not computed.'
  const rdkit = m.versions?.['@rdkit/rdkit']
  const standIns = (m.standIns ?? []).map(
    ({ name, origin, sha256 }) =>
      `${shown(origin.replace(/^replacement of /, 'in place of '))} (SHA-256 ${sha256})${EFFECTS[name] === undefined ? '' : `: ${EFFECTS[name]}`}`,
  )
  return [
    `Verifiable rewards are ether0's${cite('narayanan2025ether0')}: ${m.verifier}; molecules are read by RDKit${rdkit === undefined ? '' : ` ${rdkit}`}${cite('rdkit')}.`,
    ...(standIns.length === 0
      ? []
      : [
          `Not ether0's own, and so able to change a verdict: ${standIns.map((one, i) => `(${i + 1}) ${one}`).join('; ')}.`,
        ]),
  ].join(' ')
}

function intervalSentences(m: MethodsInput, { cite }: Citations): string {
  return `The unit of analysis is the prompt. Intervals are 95 %, from ${number(
    m.resamples,
  )} bootstrap resamples of prompts with all their rows${cite('field2007clustered')} (percentile, seed ${m.seed}), unless the table names another method: Wilson's interval${cite('wilson1927')} with prompts as the sample size where a proportion is 0 or 1, MOVER${cite('zou2008mover')} over the subsets of a section in which all prompts of a subset are alike, Wald with cluster-robust standard errors for the length model and, from ${number(CLOSED_FROM)} prompts, for rank statistics, losses and hack rates (linearised by the rows' influence). Subsets and strata are resampled independently of each other, each from a random stream of its own under the seed; the subsets of a section that share a prompt, together. A statistic that is undefined for more than ${Math.round(
    100 * (1 - MIN_DEFINED),
  )} % of the resamples has no interval. Strata of fewer than ${MIN_CLUSTERS} prompts are marked.`
}

/** methods.md and references.bib. */
export interface Methods {
  readonly text: string
  readonly bibliography: string
}

/**
 * Paragraphs for a paper, with the exact settings and nothing that was not done; citations stand as [@key], which pandoc reads and which
 * are \\cite{key} of references.bib in LaTeX.
 */
export function methods(input: MethodsInput): Methods {
  const m = visible(input)
  const citations = new Citations()
  const scored = m.model !== 'none'
  const verified = m.verifier !== 'not computed' && m.unverifiable < m.completions
  const first = [
    ...(scored ? [scoreSentence(m, citations), settingSentences(m, citations)] : [ofVerifier(m, citations)]),
    ...m.remarks,
    dataSentences(m),
    verifierSentences(m, citations),
  ].join(' ')
  const second = scored
    ? `${m.pairs === 0 ? '' : pairSentences(citations, verified)}${m.groups === 0 ? '' : groupSentences(citations)}${(m.variants ?? 0) === 0 ? '' : INVARIANCE}${verified ? completionSentence(citations) : ''}${m.pairs === 0 ? '' : probabilities(citations)}`
    : `A completion passes with a reward of at least 1.${m.pairs === 0 ? '' : ' Of a pair the verifier prefers the completion with the higher reward; equal rewards are a tie.'}${m.pairs === 0 || !verified ? '' : ` ${FAULTS}`}`
  const baselines = scored
    ? ' Baselines (longest, shortest, constant, random by the completion\'s place in the data, one answer tag, and where a toolkit was at hand "the SMILES parses") are judged on the ' +
      `${m.pairs === 0 ? 'completions' : 'pairs'} that the model scored.`
    : ''
  const text = `## Methods

${first}

${second.trimEnd()}

${intervalSentences(m, citations)}${baselines}
`
  return { text, bibliography: bibliography(citations.keys, m.version) }
}

const ofVerifier = (m: MethodsInput, { cite }: Citations): string =>
  `Completions were judged by verifiable rewards alone, by chemherm ${m.version}${cite('chemherm')}; no model scored them.`

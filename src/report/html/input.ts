import type { StatisticLines } from '../../statistic-lines.ts'
import type { RowFailure, ScoredCompletion, ScoredPair, Statistic } from '../../types.ts'
import type { GroupsReport } from './group-input.ts'
import type { StepsReport } from './step-input.ts'

/** Everything that report.html shows. Inference (intervals, tests) comes in; only what a plot needs is counted here. */
export interface ReportInput {
  readonly run: RunRecord
  /** null where nothing was scored in pairs (no model, or no pairs). */
  readonly accuracy: AccuracySummary | null
  /** The rows of agreement.csv, the baselines (scope `null:<name>`) and strata (scope `stratum:<name>`) among them. */
  readonly statistics: StatisticLines
  /** Accuracy by why the rejected answer is wrong, the headline stratum first, all pairs last; empty or left out where no verdict says. */
  readonly faults?: readonly FaultRecord[]
  readonly pairs: readonly ScoredPair[]
  /** Every completion, those of the pairs included. */
  readonly completions: readonly ScoredCompletion[]
  /** Prompt by row id, for completions that belong to no pair. */
  readonly prompts: ReadonlyMap<string, string>
  readonly failures: readonly RowFailure[]
  readonly calibration: Calibration | null
  /** What the run's number format changed against float32; null where it is float32, or nothing was scored. */
  readonly drift: DriftReport | null
  /** Completions on which model and verifier disagree most, worst first; empty where none were looked for. */
  readonly suspects: readonly Suspect[]
  /** Of each kind, completions at the border of the tenth that are not listed, since more have their score than fit into it. */
  readonly tiedSuspects?: Readonly<Record<Suspect['kind'], number>>
  /** Of a run on groups of completions. */
  readonly groups?: GroupsReport
  /** Margin over chemical distance, in bins; none where no two answers are molecules. */
  readonly sensitivity?: readonly SensitivityRecord[]
  /** Of a run on reasoning steps. */
  readonly steps?: StepsReport
  /** What completions answer with, and what their rows expect. Absent: nothing is known of answers. */
  readonly answers?: AnswerPort
  /** null: no molecules are drawn, and the page says so. */
  readonly molecules: MoleculePort | null
}

/** Accuracy of the pairs whose rejected answer fails in one way, from agreement.csv. */
export interface FaultRecord {
  /** both_well_formed, a fault of pairs.csv, or all. */
  readonly level: string
  readonly title: string
  /** Of the pairs in which both answers are well-formed, which the parts add up to. */
  readonly part?: boolean
  /** One sentence; null for all pairs. */
  readonly definition: string | null
  /** Share of all pairs, scored or not; null for all of them. */
  readonly share: Statistic | null
  /** Scored pairs are its `n`. */
  readonly strict: Statistic
  readonly half: Statistic
}

/** A bin of the curve of margin over chemical distance. */
export interface SensitivityRecord {
  /** tanimoto_distance, edit_distance. */
  readonly measure: string
  readonly bin: string
  /** Mean of the bin's pairs. */
  readonly distance: number
  readonly margin: Pick<Statistic, 'value' | 'ciLow' | 'ciHigh' | 'n'>
  readonly accuracy: Pick<Statistic, 'value'>
}

export interface ScoreScale {
  /** As it stands at an axis, e.g. "implicit reward, β = 0.1". */
  readonly name: string
  /** nats; null: none. */
  readonly unit: string | null
}

/** The manifest, as far as the page shows it. Nothing of it is parsed: words are shown as given. */
export interface RunRecord {
  /** Bin that made the run, e.g. run-rm. */
  readonly command: string
  readonly model: string
  /** DPO's frozen model, else null. */
  readonly reference: string | null
  readonly dataset: string
  readonly device: string | null
  readonly provider: string | null
  readonly dtype: string | null
  readonly seed: number | null
  /** What a learned score is. Absent: a reward model's output, a number without a unit. */
  readonly scale?: ScoreScale
  /** Name → version of what computed the numbers, chemherm first. */
  readonly versions: Readonly<Record<string, string>>
  /** snake_case word (double_bos …) → completions concerned. */
  readonly repairs: Readonly<Record<string, number>>
  /** Completions that were cut to fit. */
  readonly truncations: number
  readonly warnings: readonly string[]
  /** Sentences on what only some runs do: a ready-made graph and how it compares, certificates, another tokenizer. */
  readonly remarks: readonly string[]
  /** Data files and oracles: origin, licence, SHA-256, false-positive rate. */
  readonly provenance: readonly Readonly<Record<string, unknown>>[]
  /** Anything else worth a line: resolved options, hashes, timings. Nested values are shown as JSON. */
  readonly details: Readonly<Record<string, unknown>>
}

/** The `accuracy` of summary.json; shares in [0, 1], null with the reason. */
export interface AccuracySummary {
  readonly overall: AccuracyLine
  /** Named groups of subsets (RewardBench's), may be empty. */
  readonly sections: Readonly<Record<string, AccuracyLine>>
  readonly subsets: Readonly<Record<string, AccuracyLine>>
}
export interface AccuracyLine {
  /** Share of pairs with margin > 0. */
  readonly strict: number | null
  /** The same with a tie counted ½: the number that the page leads with. */
  readonly half: number | null
  /** Pairs with margin = 0. */
  readonly ties: number
  /** Pairs with a margin, and without one. */
  readonly n: number
  readonly missing: number
  /** Prompts among the pairs with a margin. */
  readonly clusters: number
  readonly ci: { readonly strict: Interval | null; readonly half: Interval | null; readonly method: string | null }
  /** Why the values are null. */
  readonly reason: string | null
}
export interface Interval {
  readonly low: number
  readonly high: number
}
export interface Calibration {
  /** One sentence: what was predicted, how it was binned, with what temperature. */
  readonly method: string
  readonly bins: readonly ReliabilityBin[]
}
/** Shares are of the spread of the scores; differences are the format's − float32's. */
export type DriftReport =
  | { readonly measured: false; readonly dtype: string; readonly reason: string }
  | {
      readonly measured: true
      readonly dtype: string
      readonly rows: number
      readonly reason: string | null
      readonly completions: number
      /** 95th − 5th percentile of the float32 scores. */
      readonly spread: number | null
      readonly rmsShare: number | null
      readonly largestShare: number | null
      readonly bias: number | null
      readonly spearman: number | null
      readonly pairs: number
      readonly flips: number
      readonly largestMargin: number | null
      /** Pairs of the sample, and of the whole run, whose margin is no larger than `largestMargin`. */
      readonly nearTies: number
      readonly atRisk: number | null
      /** Pairs of the whole run with a margin. */
      readonly scoredPairs: number
      readonly subsets: readonly {
        readonly subset: string
        readonly completions: number
        readonly rms: number | null
        readonly largest: number | null
        readonly pairs: number
        readonly flips: number
        readonly nearTies: number
      }[]
    }
/** Probabilities in [0, 1]. */
export interface ReliabilityBin {
  /** Mean predicted probability of the bin. */
  readonly predicted: number
  readonly observed: number
  readonly low: number | null
  readonly high: number | null
  readonly n: number
}

/** Answers as the run's verification reads them, and solutions as the data give them. */
export interface AnswerPort {
  /** What a completion answers with; null where there is no answer. */
  answer(completion: ScoredCompletion): Answer | null
  /** What the row of this id expects; null where it has no solution. */
  expected(id: string): Expected | null
}
export interface Answer {
  readonly text: string
  /** False: it stands in tags, but not in the format that was asked for, so that the verifier read no answer. */
  readonly read: boolean
}
export interface Expected {
  /** What makes an answer right, as a noun phrase, e.g. "the same molecule". */
  readonly rule: string
  /** What the solution holds. */
  readonly text: string
  /**
   * molecule: SMILES; start: the beginning of a SMILES string, of which answers are the rest; text: a name, a number, a formula or SMILES, to
   * be matched as text; else a constraint or nothing.
   */
  readonly kind: 'molecule' | 'start' | 'text' | 'other'
}

/** Chemistry that the page needs, injected. Neither throws for bad chemistry. */
export interface MoleculePort {
  /** SVG as RDKit writes it, or null. */
  draw(smiles: string, options: DrawOptions): string | null
  /** Indices of the atoms that the two molecules do not share; null where that is undecided; no_time: not looked for, to keep the page quick. */
  differingAtoms(
    a: string,
    b: string,
  ): { readonly a: readonly number[]; readonly b: readonly number[] } | null | 'no_time'
}
export interface DrawOptions {
  /** CSS pixels. */
  readonly width: number
  readonly height: number
  readonly highlightAtoms: readonly number[]
}

/** A completion to be read by a person; nothing is relabelled. */
export interface Suspect {
  /** hack: a high score, yet the verifier fails it. verifier: a low score, yet the verifier passes it. */
  readonly kind: 'hack' | 'verifier'
  readonly completion: ScoredCompletion
  /** Mid-rank of the score among the scored and verified completions, 0 … 1. */
  readonly percentile: number
}

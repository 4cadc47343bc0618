import type { ScoredCompletion } from '../../types.ts'
import type { MoleculePort } from '../html/input.ts'
import type { CsvFiles } from './csv-file.ts'

/** Everything that the report of an analysis shows. Every number of it stands in one of the files. */
export interface CompareInput {
  readonly dataset: string
  /** The command line, as it was called. */
  readonly command: string
  readonly settings: { readonly resamples: number; readonly seed: number }
  /** In the order of the files. */
  readonly runs: readonly ComparedRun[]
  readonly files: CsvFiles
  /** What the reader of the leaderboard must know: which rows it rests on, what was left out. */
  readonly notes: readonly string[]
  /** What the user was warned of while the runs were read. */
  readonly warnings: readonly string[]
  /** null where the runs have no pair in common. */
  readonly rows: ComparedRows | null
  /** null: no molecules are drawn, and the page says so. */
  readonly molecules: MoleculePort | null
}

/** Where the scores of one column come from. Words are shown as given; null = not said by the run. */
export interface ComparedRun {
  readonly scorer: string
  /** rm, dpo, dpo-ref-free, verifier. */
  readonly kind: string
  readonly where: string
  readonly pairs: number
  readonly completions: number
  readonly models: readonly ComparedModel[]
  readonly score: string | null
  readonly dataset: string
  readonly dataSha256: string | null
  readonly device: string | null
  readonly versions: Readonly<Record<string, string>>
  readonly command: string | null
  readonly created: string | null
  /** Why there is no more to say; null where run.json says it. */
  readonly silent: string | null
}
export interface ComparedModel {
  readonly role: string
  readonly name: string
  readonly revision: string | null
  readonly weightsSha256: string | null
  readonly dtype: string | null
}

/** Pairs that the scorers are compared on, the most telling ones with their texts. */
export interface ComparedRows {
  /** Pairs that the runs share. */
  readonly total: number
  /** Of these, pairs that one model has right and another has not. */
  readonly disagreeing: number
  /** In the order of interest. */
  readonly pairs: readonly ComparedPair[]
  /** Of `scores` and `margins`. Models first, then ensembles and baselines, which have margins alone. */
  readonly scorers: readonly { readonly name: string; readonly model: boolean }[]
  /** Why there are no texts; null where they are there. */
  readonly withoutTexts: string | null
  /** Why there are no verdicts; null where they are there. */
  readonly withoutVerdicts: string | null
}
export interface ComparedPair {
  readonly id: string
  readonly subset: string
  readonly chosen: ComparedSide
  readonly rejected: ComparedSide
  readonly prompt: string | null
  /** By scorer; null = not scored. */
  readonly margins: readonly (number | null)[]
  /** By model: of the chosen and of the rejected completion. */
  readonly scores: readonly (readonly [chosen: number | null, rejected: number | null])[]
}
/** `text` null = not known. */
export type ComparedSide = Pick<
  ScoredCompletion,
  'index' | 'verifiableReward' | 'verifiableStatus' | 'verifiableReason'
> & { readonly text: string | null }

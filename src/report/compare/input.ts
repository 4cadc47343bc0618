import type { CompletionGroup, ScoredPair } from '../../types.ts'
import type { AnswerPort, FaultRecord, MoleculePort } from '../html/input.ts'
import type { CsvFiles } from './csv-file.ts'

/** Everything that the report of an analysis shows. Every statistic of it stands in one of the files. */
export interface CompareInput {
  readonly dataset: string
  /** The command line, as it was called. */
  readonly command: string
  readonly settings: { readonly resamples: number; readonly seed: number }
  /** In the order of the files. */
  readonly runs: readonly ComparedRun[]
  readonly files: CsvFiles
  /** How the intervals of agreement.csv were made; absent: as the rows say that the page reads. */
  readonly ciMethods?: readonly string[]
  /** Accuracy by why the rejected answer is wrong, from the lines of agreement.csv; none where no verdict says. */
  readonly faults: readonly { readonly scorer: string; readonly lines: readonly FaultRecord[] }[]
  /** Under the leaderboard: which rows it rests on, what was left out. */
  readonly notes: readonly string[]
  /** What the user was warned of. */
  readonly warnings: readonly string[]
  /** What was merely said. */
  readonly infos: readonly string[]
  /** null where the runs have no pair in common. */
  readonly rows: ComparedRows | null
  /** null or absent where no run has groups. */
  readonly groups?: ComparedGroups | null
  /** null: no molecules are drawn, and the page says so. */
  readonly molecules: MoleculePort | null
  /** Absent: no answers are looked for. */
  readonly answers?: AnswerPort
}

/** Where the scores of one scorer come from. Words are shown as given; null = the run does not say. */
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

/** Pairs that the runs share, the most telling ones. */
export interface ComparedRows {
  /** All that they share. */
  readonly total: number
  /** Of these, pairs that one model has right and another, which scored it, has not. */
  readonly disagreeing: number
  /** In the order of interest. */
  readonly pairs: readonly ComparedPair[]
  /** Whose `margins` and `scores` these are: models first, then ensembles and baselines, which have margins alone. */
  readonly scorers: readonly { readonly name: string; readonly model: boolean }[]
  /** Why some or all pairs have no texts; null where all have. */
  readonly withoutTexts: string | null
  /** Why there are no verdicts; null where there are. */
  readonly withoutVerdicts: string | null
}
export interface ComparedPair {
  /** Its texts and verdicts; it has no score, since every model has its own. */
  readonly pair: ScoredPair
  /** Whether its texts are those of the data; else they are ''. */
  readonly texts: boolean
  /** By scorer; null = not scored. */
  readonly margins: readonly (number | null)[]
  /** By model. */
  readonly scores: readonly (readonly [chosen: number | null, rejected: number | null])[]
}

/** Groups that the scoring runs share, the most telling ones. */
export interface ComparedGroups {
  /** All that they share. */
  readonly total: number
  /** Groups of the first run that another one lacks. */
  readonly apart: number
  /** Of which one model picks a passing completion and another a failing one. */
  readonly differing: number
  readonly scorers: readonly string[]
  /** In the order of interest. */
  readonly groups: readonly ComparedGroup[]
  /** Why some or all groups have no texts; null where all have. */
  readonly withoutTexts: string | null
}
export interface ComparedGroup {
  /** Its texts and verdicts; completions have no score, since every model has its own. */
  readonly group: CompletionGroup
  readonly texts: boolean
  /** By scorer and completion; null = not scored. */
  readonly scores: readonly (readonly (number | null)[])[]
  /** By scorer: place of its pick among the completions; null = none. */
  readonly picks: readonly (number | null)[]
}

import type { Problem } from './problem.ts'

/** One line of a file of made pairs. */
export interface PairRow {
  readonly id: string
  /** The kind: results come per kind. */
  readonly subset: string
  readonly problem_type: string
  readonly reject_kind: string
  readonly prompt: Problem['prompt']
  readonly chosen: string
  readonly rejected: string
  readonly solution: string
  readonly changed: string
  /** 1 − Tanimoto similarity of the answers (Morgan, radius 2, 2,048 bits, without stereo); null where one is no molecule. */
  readonly distance: number | null
  /** Why there is no distance. */
  readonly distance_reason: string | null
  /** Levenshtein distance of the answers, in characters. */
  readonly edit_distance: number | null
  readonly chosen_reward: number
  readonly rejected_reward: number
  /** chosen_reward − rejected_reward. */
  readonly margin: number
  readonly rejected_reason: string | null
  /** Canonical SMILES that the pair is about; null where there is none. */
  readonly molecule: string | null
  /** File name of the source, and line or row. */
  readonly source: string
}

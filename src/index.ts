/** The library's front door: the public names. Statistics are in `chemherm/stats`. Nothing heavy is loaded before it is used. */
import './no-telemetry.ts'

export type { AccuracyOptions } from './chem/ether0/accuracy.ts'
export { extractAnswerLoose, extractThoughtAnswerStrict } from './chem/ether0/answer.ts'
export { formatReward } from './chem/ether0/format.ts'
export { formulaDiff } from './chem/ether0/formula-diff.ts'
export { normalizeIupac, normalizeUnicodes } from './chem/ether0/names.ts'
export { BloomFilter } from './chem/toolkit/bloom.ts'
export type { DrawMoleculeOptions, DrawOptions } from './chem/toolkit/draw.ts'
export { ToolkitFailure } from './chem/toolkit/molecule.ts'
export type { ErrorTag } from './errors.ts'
export {
  DataError,
  DeviceError,
  DeviceMemoryError,
  HarnessError,
  InterruptedError,
  ModelError,
  NetworkError,
  UsageError,
} from './errors.ts'
export type { FinishReason, GeneratedCompletion } from './generate/generate.ts'
export type { AdvantageOptions } from './groups/advantages.ts'
export { groupAdvantages } from './groups/advantages.ts'
export type { BestOfN, BestOfNOptions } from './groups/best-of-n.ts'
export { bestOfN } from './groups/best-of-n.ts'
export { expectedVoting } from './groups/expected-voting.ts'
export type { MultiRewardOptions } from './groups/multi-reward.ts'
export { multiRewardAdvantages } from './groups/multi-reward.ts'
export { passAtK } from './groups/pass-at-k.ts'
export { rerank } from './groups/rerank.ts'
export type { Vote } from './groups/voting.ts'
export { vote, voting } from './groups/voting.ts'
export {
  accuracyReward,
  canonicalSmiles,
  containsBadSubstructure,
  evaluate,
  functionalGroups,
  isReasonableMolecule,
  largestFragment,
  molFormula,
  morganEnvironments,
  ringSystems,
  tanimoto,
} from './library/chemistry.ts'
export { differingAtoms, drawMolecule, drawReaction } from './library/draw.ts'
export type { GeneratedRow, GenerateOptions } from './library/generate.ts'
export { generateCompletions } from './library/generate.ts'
export type { ScoreOptions } from './library/options.ts'
export type { CompletionScore, ScoredRow } from './library/score.ts'
export { scoreCompletions } from './library/score.ts'
export { filterProblemTypes } from './pairs/filters.ts'
export { PythonError } from './python/error.ts'
export type { ChatMessage, ChatTemplate, RenderChatOptions } from './text/template.ts'
export { renderChat } from './text/template.ts'
export type {
  Completion,
  CompletionRole,
  Message,
  Oracles,
  Repair,
  Row,
  RowFailure,
  SolutionInput,
  Text,
  Verdict,
  VerdictStatus,
} from './types.ts'

/** The nouns that the stages exchange, and the ports behind which files, ONNX Runtime and RDKit sit. All are frozen records. */

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One chat turn; roles are kept as given, system included. */
export interface Message {
  readonly role: string
  readonly content: string
}
/** Plain text or a conversation. */
export type Text = string | readonly Message[]

export type CompletionRole = 'chosen' | 'rejected' | 'completion'

/** One completion of a row. `index` counts from 0 within its role. */
export interface Completion {
  readonly role: CompletionRole
  readonly index: number
  readonly text: Text
  /** Where the data say how it was made of another one of its row. */
  readonly variant?: Variant
}
/** What was changed of a completion, as the data say (`transformation`, `same`, `family`). */
export interface Variant {
  /** `original` for what the others are made of. */
  readonly transformation: string
  /** The chemistry is that of the original. */
  readonly same: boolean
  /** Transformations of a kind; null where the data name none. */
  readonly family: string | null
}

/** ether0's solution, `fxn_name!:!answer_info!:!problem_type`, as given. */
export type SolutionInput = string | Readonly<{ fxn_name: string; answer_info: string; problem_type: string }>

/** One usable input row: a pair, a group or a single conversation. Completions are ordered chosen, rejected…, completion…. */
export interface Row {
  readonly kind: 'pair' | 'group' | 'single'
  readonly id: string
  readonly subset: string
  readonly problemType: string | null
  readonly prompt: Text
  readonly completions: readonly Completion[]
  readonly solution: SolutionInput | null
  /** file:line (or file:row) for messages. */
  readonly where: string
  /** Columns that we do not read, carried through. */
  readonly extra: Readonly<Record<string, unknown>>
  /** How the row was read; absent for rows that do not come from data. */
  readonly reading?: Reading
}

/** What was taken from where, and what was done to read it: counted and said by whoever reads the rows. */
export interface Reading {
  /** Part of the row (prompt, chosen …) → the column that it comes from. */
  readonly columns: Readonly<Record<string, string>>
  /** snake_case words: implicit_prompt, repeated_prompt, json_text … */
  readonly notes: readonly string[]
}

/** A row that cannot be used: listed, counted, exit 4; the others go on. */
export interface RowFailure {
  readonly where: string
  readonly id: string | null
  /** snake_case word, counted in the report. */
  readonly reason: string
  readonly message: string
  readonly hint: string | null
}

// ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A checkpoint's tokenizer. Ids are Int32Array everywhere inside. */
export interface Tokenizer {
  encode(text: string, options: { readonly addSpecialTokens: boolean; readonly pair?: string }): TokenIds
  decode(ids: Int32Array): string
  readonly bosId: number | null
  readonly eosId: number | null
  readonly padId: number | null
  readonly bosToken: string | null
  readonly eosToken: string | null
  /** Number of ids, added tokens included. */
  readonly size: number
  /** Jinja source of the checkpoint's own chat template, or null. */
  readonly chatTemplate: string | null
  /** Special tokens by name (bos_token …) as a template sees them. */
  readonly specialTokens: Readonly<Record<string, string>>
  /** `truncation_side`/model_max_length of tokenizer_config.json; null where absent or a placeholder (1e30). */
  readonly modelMaxLength: number | null
  /** SHA-256 over the tokenizer's files. */
  readonly sha256: string
}
export interface TokenIds {
  readonly ids: Int32Array
  /** Token types of a text pair (encoders), else null. */
  readonly typeIds: Int32Array | null
}

/**
 * One completion, ready for a model. `ids` are what the model reads: a first BOS that transformers would mask is left out
 * and `positionStart` is then 1, so that every other token keeps its position.
 */
export interface Encoded {
  readonly ids: Int32Array
  readonly typeIds: Int32Array | null
  readonly positionStart: number
  /** Index into `ids` of the first completion token. */
  readonly start: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly truncated: 'no' | 'left' | 'right'
  readonly repairs: readonly Repair[]
  /** SHA-256 of the rendered text, hex. */
  readonly textSha256: string
}
/** What was mended of a completion on its way to the model, or is worth a word; text/repairs.ts has a sentence on each. */
export type Repair =
  | 'double_bos'
  | 'double_start'
  | 'pooling_differs'
  | 'boundary_shifted'
  | 'boundary_moved'
  | 'prompt_recurs'
  | 'prompt_not_found'
  | 'roles_by_position'
  | 'beyond_model_max_length'
  | 'cut_left'
  | 'cut_right'
  | 'thought_stripped'
  | 'completion_part_left_out'
  | 'completion_white_space'
  | 'prompt_part_left_out'
  | 'same_tokens'
  | 'date_in_text'
  | 'control_token_in_prompt'
  | 'control_token_in_completion'
  | 'unknown_token'
  | 'completion_normalized'
  | 'no_end_of_turn'
/** How often a repair was made, in completions and in the rows that they belong to. */
export interface RepairCount {
  readonly completions: number
  readonly rows: number
}
export type RepairCounts = Readonly<Partial<Record<Repair, RepairCount>>>
/** How a process head, which gives a number per step, finds the steps of a completion. */
export interface StepRule {
  /** What stands behind each step in the text that the model reads; null: the separator itself, each step being tokenised alone. */
  readonly mark: string | null
  /** What ends a step in the data; null: the data have the marks. */
  readonly separator: string | null
  /** Each step is a user's turn, the first behind the prompt, which the assistant answers by these words in turn `right`; absent: one turn. */
  readonly turns?: { readonly right: string; readonly wrong: string }
}
/**
 * How a head that compares two answers is shown them. `marks`: prompt and answers tokenised apart, each behind its mark, with limits in
 * tokens on the prompt and on the whole; `letters`: one prompt, in which the answers are called A and B.
 */
export type Comparison =
  | { readonly kind: 'marks'; readonly marks: ComparisonMarks; readonly sourceLimit: number; readonly limit: number }
  | { readonly kind: 'letters' }
/** Ids of the tokens that stand before the prompt, the answer that is shown first, and the other. */
export interface ComparisonMarks {
  readonly source: number
  readonly first: number
  readonly second: number
}
/** Why a completion has no measurement (too_long, cut_away, template_error, empty_span …). */
export interface Unscored {
  readonly reason: string
  readonly message: string
  /** Side on which tokens were cut before the reason showed. Default: none were cut. */
  readonly cut?: 'left' | 'right'
}

// ── model ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a model gave for one completion; nats. Float32 from the graph, sums in float64. */
export type Measurement = HeadMeasurement | LogProbMeasurement
/** `head`: a reward head's outputs; `logProb`: the log-probability of the completion. */
export type MeasurementKind = Measurement['kind']
export interface HeadMeasurement {
  readonly kind: 'head'
  /** Raw output of every label, no sigmoid; of a process head the probability of every step. */
  readonly values: readonly number[]
  /** Index into the ids as transformers sees them (a masked first BOS counted); of a process head the last step's. */
  readonly scoredTokenIndex: number
  /** The head's further outputs (objectives, gates …), where they are kept. */
  readonly raw?: readonly number[]
}
export interface LogProbMeasurement {
  readonly kind: 'logProb'
  readonly sum: number
  readonly tokens: number
  /** Σ logp², for RewardBench's reference-free "norm" = −√Σ logp². */
  readonly sumSquares: number
  /** Of every token, in order, where they are kept (`RunnerInfo.perToken`). */
  readonly logProbs?: readonly number[]
}

/** One sequence to measure. `group` names sequences that share a prompt (the row); a shared id prefix is computed once. */
export interface Sequence {
  readonly ids: Int32Array
  readonly typeIds: Int32Array | null
  readonly positionStart: number
  /** Head: the places in ids that it reads, in its order. Log-prob: one, the first token of the completion; it and all after it are scored. */
  readonly reads: Int32Array
  readonly group: number
  /**
   * Where a model's rotary frequencies depend on a sequence's length (dynamic, longrope): which ones this one has (model/rope.ts,
   * `turnsAs`). Sequences share a prefix only where this is equal. Absent: 0, as all short ones.
   */
  readonly turnsAs?: number
}

/** How a batch is laid out: `padded` rows, or one prompt and its completions in one packed row. Indices point into the planned sequences. */
export interface Batch {
  readonly layout: 'padded' | 'shared'
  readonly sequences: readonly number[]
  /** Length of the prefix that all its sequences share (shared layout), else 0. Of the form `prompts`: the length of every prompt's row. */
  readonly prefix: number
  /** Shared layout: how many leading tokens each sequence takes over from the sequence before it in this batch. */
  readonly reused?: readonly number[]
  /**
   * In one row: how many leading tokens its first sequence takes over from the last one of the batch before, whose keys and values are carried on. A
   * runner that has not just run that batch computes them anew. Default 0.
   */
  readonly carried?: number
  /** In one row: of how many leading tokens of its last sequence the keys and values are kept for the batch after it. Default 0. */
  readonly kept?: number
  /**
   * Run once more for what it keeps alone (score/carrying.ts): of the carried tokens so many are there, the others are anything, and so are the outputs of
   * sequences that have them.
   */
  readonly again?: { readonly needed: number }
  /** Tokens that the graph computes, padding included. */
  readonly tokens: number
}

/** What a plan depends on: the device, and how the model reads a batch. */
export interface Batching {
  readonly device: 'cpu' | 'cuda' | 'webgpu'
  /** A token's state depends on nothing after it, so that a shared prefix is computed once; an encoder's rows stand alone. */
  readonly causal: boolean
  /** Takes a row for each sequence even so: a ready-made graph. Default false. */
  readonly rows?: boolean
  /** All sequences of a batch stand in one row without padding. */
  readonly packed: boolean
  /** Prompts are rows of their own, of one length in a batch, and completions read their keys as a past (the form `prompts`). Default false. */
  readonly prompts?: boolean
  /** Rows are padded to a multiple of so many tokens. Default 1. */
  readonly rowMultiple?: number
}

/** An opened model on a device. `run` measures one batch, in the batch's order. */
export interface Runner {
  readonly info: RunnerInfo
  run(batch: Batch, sequences: readonly Sequence[]): Promise<Float32Array[]>
  /** Why this model cannot read a sequence as it was prepared; null = it can. Default: it can. */
  unreadable?(sequence: Sequence): Unscored | null
  /** Called when an output is not finite: throws a ModelError naming the tensor if a weight is the cause. */
  checkWeights?(): Promise<void>
  /** Milliseconds that its runs took so far, where they go on in another thread and may be asked for ahead; else left out. */
  readonly busyMs?: (() => number) | undefined
  release(): Promise<void>
}

/** A causal language model on a device that continues texts, each token's keys and values computed once. */
export interface Decoder {
  readonly info: RunnerInfo
  /** Bytes that a token of one text takes in the cache. */
  readonly bytesPerToken: number
  /**
   * Computes prompts, padded to the longest: what comes next, and what it takes to continue each, any number of times.
   * @param behind a text that stands before each of them and is computed already; it must keep its cache at their lengths
   */
  prefill(prompts: readonly Int32Array[], behind?: Prefix): Promise<Prefix[]>
  /** An empty table of texts that are continued side by side, with room for so many at the most. Default: no bound. */
  table(mostRows?: number): DecodingTable
  /**
   * Whether a text keeps its cache when it grows from so many tokens to so many. Where rotary frequencies depend on the length (longrope) it
   * has to be computed anew, once.
   */
  keeps(from: number, to: number): boolean
  /** Called when a logit is not finite: throws a ModelError naming the tensor if a weight is the cause. */
  checkWeights(): Promise<void>
  release(): Promise<void>
}

/** A text whose tokens are computed, apart from any table. */
export interface Prefix {
  /** Tokens. */
  readonly length: number
  /** What comes behind its last token. */
  readonly next: NextToken
  /** Of every layer, [kvHeads, length, headDim]. */
  readonly keys: readonly Float32Array[]
  readonly values: readonly Float32Array[]
}

/** Logits of the next token [vocab], and log Σ exp of them: log p(t) = logits[t] − logSumExp, in nats. Float32 from the graph. */
export interface NextToken {
  readonly logits: Float32Array
  readonly logSumExp: number
}

/** Texts that are continued side by side, one row each. Rows are numbered from 0 without a gap. */
export interface DecodingTable {
  readonly size: number
  /** Adds a row that continues a prefix, and returns its number, `size` before. */
  add(prefix: Prefix): number
  /** Takes a row out; the last one takes its number. */
  remove(row: number): void
  /** Appends a token to every row, and says what comes next. The logits are good until the next step. */
  step(tokens: Int32Array): Promise<NextToken[]>
}

/**
 * Number format of a model's tensors; tf32: float32, its matrix products rounded to 10 bits (CUDA only, by name only); q8, q4: the weights of
 * linear layers in 8 or 4 bits, all else float32.
 */
export type Dtype = 'fp32' | 'tf32' | 'fp16' | 'bf16' | 'q8' | 'q4'
/** What a ready-made ONNX file computes in: beside ours, weights quantised to so many bits, as its maker did (f16: the rest in half-precision). */
export type FileDtype = Dtype | 'fp64' | 'fp8' | 'bnb4' | `q${number}` | `q${number}f16`

/** How the weights of linear layers are kept in few bits. */
export interface Quantisation {
  /** Bits, block and symmetry in words, as they stand in the keys of measurements. */
  readonly scheme: string
  readonly bits: number
  /** Neighbouring weights that share a scale. */
  readonly block: number
  /** Without zero points. */
  readonly symmetric: boolean
  /** Bits of the matrix of a causal head. */
  readonly logits: number
  /** Weights that are quantised, of the model's parameters, and the bytes that they take. */
  readonly parameters: number
  readonly bytes: number
}

export interface RunnerInfo {
  readonly kind: MeasurementKind
  readonly architecture: string
  readonly labels: readonly string[]
  readonly device: 'cpu' | 'cuda' | 'webgpu'
  /** Execution provider that was verified, e.g. CPUExecutionProvider. */
  readonly provider: string
  readonly dtype: FileDtype
  /** Longest sequence that the positions allow; null = unbounded. */
  readonly maxPositions: number | null
  readonly padTokenId: number | null
  readonly vocabSize: number
  /** null where they are packed, so that they cannot be counted. */
  readonly parameters: number | null
  readonly weightBytes: number
  readonly quantisation: Quantisation | null
  readonly openMs: number
  /** Tensors of the checkpoint that the graph does not use, with the reason. */
  readonly ignoredTensors: readonly { readonly name: string; readonly reason: string }[]
  /** SHA-256 of the graph (of ours without the weights, of a ready-made one the .onnx file's). */
  readonly graphSha256: string
  /** What showed when it was opened, for the screen. */
  readonly notes?: readonly string[]
  /** The same for the manifest. */
  readonly found?: Readonly<Record<string, string | number | boolean | null>>
  /** Names of the head's further outputs that come after its labels in what `run` gives; left out where they are not asked for. */
  readonly rawOutputs?: readonly string[]
  /** Whether the log-probability of every token is kept, beside their sum. Default false. */
  readonly perToken?: boolean
}

// ── chemistry ───────────────────────────────────────────────────────────────────────────────────────────────────────

export type VerdictStatus = 'pass' | 'partial' | 'fail' | 'unverifiable'
/** A verifiable reward's value and why. `value` null exactly where the status is unverifiable without a Python value. */
export interface Verdict {
  readonly value: number | null
  readonly status: VerdictStatus
  /** ether0's RewardReason value, snake_case, or null where Python gives none. */
  readonly reason: string | null
  readonly metadata: Readonly<Record<string, unknown>>
}
/**
 * Who is at fault where a completion does not pass: the answer; the target (a solution by which nothing can be judged); an oracle without an
 * answer; the verifier, which was given up (time limit, crash).
 */
export type VerdictCause = 'answer' | 'target' | 'oracle' | 'verifier'
/** Filters that stand in for ether0's own files: a verdict hinges on one where it would be another without it, or without both. */
export type StandInFilter = 'rings' | 'fingerprints' | 'rings+fingerprints' | 'purchasable'

/** A completion's verdict, and beside it ether0's format reward: 1 where the whole text is in the strict tags, else 0. */
export interface Verification extends Verdict {
  readonly formatReward: number
  /** Who is at fault; null where the completion passes. */
  readonly cause: VerdictCause | null
  readonly hingesOn: StandInFilter | null
}
/** Verifies one completion. Never throws for bad chemistry. */
export interface Verifier {
  verify(completion: string, solution: SolutionInput): Promise<Verification>
  /** Origin, licence, SHA-256 and false-positive rate of every data file and oracle in use, for the manifest. */
  readonly provenance: readonly Readonly<Record<string, unknown>>[]
  /** Workers that died or were ended, and were replaced, so far; left out: none works for it. */
  readonly replaced?: number
  close(): Promise<void>
}

/** What a verifiable reward may ask of the world outside RDKit. Each rejects when it has no answer. */
export interface Oracles {
  /** log S, mol/L. */
  solubility(smiles: string): Promise<number>
  /** By SMILES as sent; a missing key is false. */
  purchasable(smiles: string[]): Promise<Record<string, boolean>>
  /** Product SMILES of `reactants>reagents>`. */
  forwardReaction(reaction: string): Promise<string>
}

// ── what the reports read ───────────────────────────────────────────────────────────────────────────────────────────

/** One line of scores.csv, joined: a completion, its measurement and its verdict. */
export interface ScoredCompletion {
  readonly id: string
  readonly subset: string
  readonly problemType: string | null
  /** Cluster of the statistics, as ScoredPair's; left out where pairs or nothing say what the prompt is. */
  readonly cluster?: string
  readonly role: CompletionRole
  readonly index: number
  readonly text: string
  /** The reward model's reward; null with scoreReason. */
  readonly score: number | null
  readonly scoreReason: string | null
  readonly verifiableReward: number | null
  readonly verifiableStatus: VerdictStatus
  readonly verifiableReason: string | null
  /** Who is at fault; null where it passes or there is no solution, left out where nobody looked. */
  readonly verdictCause?: VerdictCause | null
  /** The stand-in filter without which the verdict would be another; likewise. */
  readonly hingesOn?: StandInFilter | null
  readonly formatReward: number | null
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  /** What was changed of the original of its group; left out where the data do not say. */
  readonly variant?: Variant
}

/** chosen above, equal to or below rejected. */
export type PairOutcome = 'win' | 'tie' | 'loss'

/** How the rejected answer of a pair fails; agreement/faults.ts has a sentence on each. */
export type Fault =
  | 'format'
  | 'invalid'
  | 'implausible'
  | 'wrong'
  | 'near_miss'
  | 'wrong_or_near_miss'
  | 'right'
  | 'no_verdict'
export interface PairFault {
  readonly rejected: Fault
  /** Both answers are in the format and, where a molecule or a reaction is expected, RDKit reads one; null where a verdict is lacking. */
  readonly wellFormed: boolean | null
  /** Of the two answers' molecules (Morgan, radius 2, 2,048 bits); null where they were not compared. */
  readonly tanimoto: number | null
}

/** One line of pairs.csv. */
export interface ScoredPair {
  readonly id: string
  readonly subset: string
  readonly problemType: string | null
  /** Cluster of the statistics: SHA-256 of the prompt (first 16 hex digits). */
  readonly cluster: string
  readonly rejectedIndex: number
  readonly prompt: string
  readonly chosen: ScoredCompletion
  readonly rejected: ScoredCompletion
  /** chosen.score − rejected.score. */
  readonly margin: number | null
  readonly outcome: PairOutcome | null
  readonly verifiableOutcome: PairOutcome | null
  /** 1, 0, or null where either outcome is absent or a tie. */
  readonly agree: 0 | 1 | null
  /** Left out where it was not looked for. */
  readonly fault?: PairFault
  /** Informative columns of the input row (reject_kind …). */
  readonly extra: Readonly<Record<string, unknown>>
}

/** Completions of one prompt, each with its score and its verdict, in the order of the data. */
export interface CompletionGroup {
  readonly id: string
  readonly subset: string
  readonly problemType: string | null
  /** Cluster of the statistics: SHA-256 of the prompt (first 16 hex digits). */
  readonly cluster: string
  readonly prompt: string
  readonly completions: readonly ScoredCompletion[]
}

/** One line of agreement.csv. */
export interface Statistic {
  readonly scope: string
  readonly subset: string
  readonly statistic: string
  readonly value: number | null
  readonly ciLow: number | null
  readonly ciHigh: number | null
  readonly ciMethod: string | null
  readonly n: number
  readonly clusters: number
  readonly ties: number
  readonly missing: number
  /** Why the value is null; else null. */
  readonly reason: string | null
}

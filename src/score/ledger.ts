import type { Encoded, StandInFilter, Unscored, Verdict, VerdictCause } from '../types.ts'

/**
 * What a run remembers of each completion between measuring and writing, in the order of the data: about 90 bytes a
 * completion in typed arrays, so that ten million rows of two completions take 1.8 GB and no text is held.
 */
export interface LedgerEntry {
  readonly unscored: Unscored | null
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  readonly truncated: Encoded['truncated']
  readonly textSha256: string | null
}
export interface LedgerVerdict extends Omit<Verdict, 'metadata'> {
  readonly formatReward: number | null
  readonly cause: VerdictCause | null
  readonly hingesOn: StandInFilter | null
}

const TRUNCATED = ['no', 'left', 'right'] as const
const STATUSES = ['unverifiable', 'pass', 'partial', 'fail'] as const
const KEY_BYTES = 16
const SHA_BYTES = 32
const ABSENT = 0xffffffff

type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array

export class Ledger {
  length = 0
  private capacity = 0
  private readonly words: string[] = ['']
  private readonly wordIndex = new Map<string, number>([['', 0]])
  private keys = new Uint8Array(0)
  private sha = new Uint8Array(0)
  private hasSha = new Uint8Array(0)
  private promptTokens = new Uint32Array(0)
  private completionTokens = new Uint32Array(0)
  private truncated = new Uint8Array(0)
  private unscored = new Uint16Array(0)
  private reward = new Float64Array(0)
  private format = new Float64Array(0)
  private status = new Uint8Array(0)
  private reason = new Uint16Array(0)
  private cause = new Uint16Array(0)
  private hinge = new Uint16Array(0)
  /** By completion; few have one. */
  private readonly messages = new Map<number, string>()
  readonly models: number

  constructor(models: number) {
    this.models = models
  }

  /** Appends one completion, unverified, and returns its index. */
  append(entry: LedgerEntry): number {
    if (this.length === this.capacity) this.grow()
    const i = this.length++
    if (entry.textSha256 !== null) {
      this.sha.set(Buffer.from(entry.textSha256, 'hex'), i * SHA_BYTES)
      this.hasSha[i] = 1
    }
    this.promptTokens[i] = entry.promptTokens ?? ABSENT
    this.completionTokens[i] = entry.completionTokens ?? ABSENT
    this.truncated[i] = TRUNCATED.indexOf(entry.truncated)
    this.unscored[i] = 0
    if (entry.unscored !== null) this.markUnscored(i, entry.unscored)
    this.reward[i] = Number.NaN
    this.format[i] = Number.NaN
    return i
  }

  /** Store key of a completion under one model (rm, or policy and reference), 32 hex digits. */
  setKey(i: number, model: number, key: string): void {
    this.keys.set(Buffer.from(key, 'hex'), (i * this.models + model) * KEY_BYTES)
  }

  verdict(i: number, verdict: LedgerVerdict): void {
    this.reward[i] = verdict.value ?? Number.NaN
    this.format[i] = verdict.formatReward ?? Number.NaN
    this.status[i] = STATUSES.indexOf(verdict.status)
    this.reason[i] = this.word(verdict.reason ?? '')
    this.cause[i] = this.word(verdict.cause ?? '')
    this.hinge[i] = this.word(verdict.hingesOn ?? '')
  }

  /** Says afterwards why a completion has no measurement (a non-finite output, say). */
  markUnscored(i: number, { reason, message }: Unscored): void {
    this.unscored[i] = this.word(reason)
    if (message !== '') this.messages.set(i, message)
  }

  entry(i: number): LedgerEntry {
    const reason = this.words[this.unscored[i]!]!
    return {
      unscored: reason === '' ? null : { reason, message: this.messages.get(i) ?? '' },
      promptTokens: present(this.promptTokens[i]!),
      completionTokens: present(this.completionTokens[i]!),
      truncated: TRUNCATED[this.truncated[i]!]!,
      textSha256: this.hasSha[i] === 1 ? hex(this.sha, i * SHA_BYTES, SHA_BYTES) : null,
    }
  }

  key(i: number, model: number): string | null {
    const at = (i * this.models + model) * KEY_BYTES
    return this.keys.subarray(at, at + KEY_BYTES).every((byte) => byte === 0) ? null : hex(this.keys, at, KEY_BYTES)
  }

  verdictOf(i: number): LedgerVerdict {
    const wordOf = <W extends string>(column: Uint16Array): W | null => (this.words[column[i]!] as W | '') || null
    return {
      value: Number.isNaN(this.reward[i]!) ? null : this.reward[i]!,
      status: STATUSES[this.status[i]!]!,
      reason: wordOf(this.reason),
      formatReward: Number.isNaN(this.format[i]!) ? null : this.format[i]!,
      cause: wordOf<VerdictCause>(this.cause),
      hingesOn: wordOf<StandInFilter>(this.hinge),
    }
  }

  private word(word: string): number {
    const known = this.wordIndex.get(word)
    if (known !== undefined) return known
    this.words.push(word)
    this.wordIndex.set(word, this.words.length - 1)
    return this.words.length - 1
  }

  private grow(): void {
    this.capacity = Math.max(1024, this.capacity * 2)
    const wider = <T extends Column>(column: T, per = 1): T => {
      const next = new (column.constructor as new (n: number) => T)(this.capacity * per)
      next.set(column)
      return next
    }
    this.keys = wider(this.keys, KEY_BYTES * this.models)
    this.sha = wider(this.sha, SHA_BYTES)
    this.hasSha = wider(this.hasSha)
    this.promptTokens = wider(this.promptTokens)
    this.completionTokens = wider(this.completionTokens)
    this.truncated = wider(this.truncated)
    this.unscored = wider(this.unscored)
    this.reward = wider(this.reward)
    this.format = wider(this.format)
    this.status = wider(this.status)
    this.reason = wider(this.reason)
    this.cause = wider(this.cause)
    this.hinge = wider(this.hinge)
  }
}

const present = (value: number): number | null => (value === ABSENT ? null : value)
const hex = (bytes: Uint8Array, at: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('hex')

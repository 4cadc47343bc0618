import type { Decoder, DecodingTable, NextToken, Prefix, Unscored } from '../types.ts'
import { drawToken, keptTokens, mostProbable, type Sampling } from './sampling.ts'
import { StopStrings } from './stop-strings.ts'
import { uniformOf } from './uniform.ts'

/** A prompt to be completed. */
export interface GenerationPrompt {
  /** Names the stream of random numbers, together with the seed and the completion's index. */
  readonly id: string
  /** At least one token. */
  readonly ids: Int32Array
}

export interface GenerationOptions extends Sampling {
  /** Completions of each prompt. */
  readonly n: number
  readonly maxNewTokens: number
  /** Tokens that end a completion. */
  readonly eosIds: ReadonlySet<number>
  /** A completion ends where its text has one of them in it; the text is cut before it. */
  readonly stop: readonly string[]
  readonly seed: number
  /** Special tokens kept. */
  readonly decode: (ids: Int32Array) => string
  /** Prompt and completion together have at most so many tokens. */
  readonly maxPositions: number
  readonly budget: GenerationBudget
}

/** What is computed side by side; changes the last digits at most. */
export interface GenerationBudget {
  /** Texts. */
  readonly rows: number
  /** Tokens in the cache, rows · the longest text that a row may come to. One row is always taken. */
  readonly tokens: number
  /** Tokens of prompts that are computed at once, padding included. */
  readonly promptTokens: number
}

/** `stop`: a token that ends; `stop_string`: a text that ends; `length`: the limit, or the model's last position. */
export type FinishReason = 'stop' | 'stop_string' | 'length'

export interface GeneratedCompletion {
  /** Without the token that ended it, and cut before a stop string. */
  readonly text: string
  /** All tokens that were chosen, the one that ended it included. */
  readonly tokenIds: readonly number[]
  /** Log-probability of each under the model's own distribution, whatever the temperature and top-p; nats, float32 from the graph. */
  readonly tokenLogProbs: readonly number[]
  /** Float64. */
  readonly sumLogProb: number
  readonly finishReason: FinishReason
}

/** A prompt's completions, all there; or why there are none. */
export type Generated<P extends GenerationPrompt = GenerationPrompt> =
  | { readonly prompt: P; readonly completions: readonly GeneratedCompletion[] }
  | { readonly prompt: P; readonly unscored: Unscored }

/** What was computed, counted as it is. */
export interface GenerationCount {
  /** Tokens of prompts, each once per prompt; those that many prompts begin with, once for all. */
  promptTokens: number
  /** The same with padding. */
  paddedPromptTokens: number
  newTokens: number
  /** Runs of the graph for one more token of every row, and the rows of all of them. */
  steps: number
  stepRows: number
  /** Texts that were computed anew because frequencies change with the length. */
  recomputed: number
}

export const noTokens = (): GenerationCount => ({
  promptTokens: 0,
  paddedPromptTokens: 0,
  newTokens: 0,
  steps: 0,
  stepRows: 0,
  recomputed: 0,
})

/** Tokens that prompts must begin with in common, a system message for instance, for these to be computed apart. */
const SHARED_TOKENS = 32

/** Prompts that are looked over for the longest one. */
const POOL = 1024

/**
 * Completes prompts: each is computed once, whatever the number of its completions; texts are continued side by side, and where one has
 * ended the next takes its place. Of the prompts at hand the longest comes first. Memory: the cache of `budget`, the prompts at hand and
 * the completions of those under way.
 * @returns each prompt as soon as all its completions are there, in the order in which that happens
 */
export async function* generate<P extends GenerationPrompt>(
  decoder: Decoder,
  prompts: AsyncIterable<P> | Iterable<P>,
  options: GenerationOptions,
  { stopped = () => false, count = noTokens() }: { stopped?: () => boolean; count?: GenerationCount } = {},
): AsyncGenerator<Generated<P>> {
  const run = new Generation<P>(decoder, options, count)
  const source = asyncIterator(prompts)
  const pool: P[] = []
  let more = true
  while (!stopped()) {
    while (more && pool.length < POOL) {
      const { done, value } = await source.next()
      if (done === true) more = false
      else if (value.ids.length >= options.maxPositions) yield { prompt: value, unscored: tooLong(value, options) }
      else insert(pool, value)
    }
    await run.start(pool)
    if (run.idle) {
      yield* run.finished()
      if (pool.length === 0 && !more) return
      continue
    }
    await run.step()
    yield* run.finished()
  }
}

const tooLong = ({ ids }: GenerationPrompt, { maxPositions }: GenerationOptions): Unscored => ({
  reason: 'too_long',
  message: `the prompt has ${ids.length} tokens, and the model's ${maxPositions} positions leave no room for a completion`,
})

function asyncIterator<P>(prompts: AsyncIterable<P> | Iterable<P>): AsyncIterator<P> | Iterator<P> {
  return Symbol.asyncIterator in prompts ? prompts[Symbol.asyncIterator]() : prompts[Symbol.iterator]()
}

/** Longest last, those of one length as they came. */
function insert<P extends GenerationPrompt>(pool: P[], prompt: P): void {
  let [low, high] = [0, pool.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (pool[middle]!.ids.length < prompt.ids.length) low = middle + 1
    else high = middle
  }
  pool.splice(low, 0, prompt)
}

interface Group<P> {
  readonly prompt: P
  readonly done: (GeneratedCompletion | null)[]
  left: number
  unscored: Unscored | null
}

/** What many prompts begin with. */
interface Shared {
  readonly ids: Int32Array
  readonly prefix: Prefix
}

/** A text under way; `ids` are those of the completion. */
interface Live<P> {
  readonly group: Group<P>
  readonly index: number
  readonly ids: number[]
  readonly logProbs: number[]
}

class Generation<P extends GenerationPrompt> {
  readonly #table: DecodingTable
  /** By row. */
  readonly #live: Live<P>[] = []
  /** Prompts that are computed and have completions that are not begun. */
  readonly #begun: { readonly group: Group<P>; readonly prefix: Prefix; next: number }[] = []
  readonly #finished: Group<P>[] = []
  readonly #stops: StopStrings
  /** What all prompts began with that were at hand when the first were computed; null: too little. */
  #shared: Shared | null | undefined

  constructor(
    readonly decoder: Decoder,
    readonly options: GenerationOptions,
    readonly count: GenerationCount,
  ) {
    this.#table = decoder.table(options.budget.rows)
    this.#stops = new StopStrings(options.stop, options.decode)
  }

  get idle(): boolean {
    return this.#live.length === 0
  }

  *finished(): Generator<Generated<P>> {
    for (const { prompt, done, unscored } of this.#finished.splice(0))
      yield unscored === null ? { prompt, completions: done.map((one) => one!) } : { prompt, unscored }
  }

  /** Begins completions while there is room. A prompt is computed alone only where the table is empty or much of it is free. */
  async start(pool: P[]): Promise<void> {
    for (;;) {
      while (this.#begun.length > 0 && this.#fits(this.#begun[0]!.group.prompt)) {
        const first = this.#begun[0]!
        await this.#begin(first.group, first.next++, first.prefix)
        if (first.next === this.options.n) this.#begun.shift()
      }
      const free = this.options.budget.rows - this.#live.length
      const worth = this.#live.length === 0 || 8 * free >= this.options.budget.rows
      if (this.#begun.length > 0 || pool.length === 0 || !worth || !this.#fits(pool.at(-1)!)) return
      await this.#compute(pool, free)
    }
  }

  /** One more token of every text under way. */
  async step(): Promise<void> {
    const anew: Live<P>[] = []
    for (let row = this.#live.length - 1; row >= 0; row--) {
      const length = this.#lengthOf(this.#live[row]!)
      if (!this.decoder.keeps(length - 1, length)) anew.push(this.#remove(row))
    }
    if (this.#live.length > 0) {
      const next = await this.#table.step(Int32Array.from(this.#live, ({ ids }) => ids.at(-1)!))
      this.count.steps++
      this.count.stepRows += next.length
      // the last row takes the place of one that is taken out
      for (let row = next.length - 1; row >= 0; row--)
        if (!(await this.#advance(this.#live[row]!, next[row]!))) this.#remove(row)
    }
    for (const live of anew) {
      const whole = Int32Array.from([...live.group.prompt.ids, ...live.ids])
      const [prefix] = await this.decoder.prefill([whole])
      this.count.recomputed++
      if (await this.#advance(live, prefix!.next)) this.#add(live, prefix!)
    }
  }

  #lengthOf = ({ group, ids }: Live<P>): number => group.prompt.ids.length + ids.length

  #fits(prompt: P): boolean {
    const { budget, maxNewTokens, maxPositions } = this.options
    if (this.#live.length === 0) return true
    if (this.#live.length >= budget.rows) return false
    const most = ({ ids }: P): number => Math.min(ids.length + maxNewTokens, maxPositions)
    const longest = Math.max(most(prompt), ...this.#live.map(({ group }) => most(group.prompt)))
    return (this.#live.length + 1) * longest <= budget.tokens
  }

  /** Computes prompts of the pool, the longest first, at most as many as there are free rows for. */
  async #compute(pool: P[], free: number): Promise<void> {
    const { budget, n } = this.options
    if (this.#shared === undefined) this.#shared = await this.#beginning(pool)
    const longest = pool.at(-1)!.ids.length
    const shared = this.#sharedBy(pool.at(-1)!)
    const own = longest - (shared?.ids.length ?? 0)
    const most = Math.min(
      Math.ceil(free / n),
      Math.floor(budget.promptTokens / own),
      Math.floor(budget.tokens / longest),
    )
    let count = 1
    while (count < most && count < pool.length && this.#sharedBy(pool.at(-1 - count)!) === shared) count++
    const chosen = pool.splice(-count).reverse()
    const prefixes = await this.#prefill(
      chosen.map(({ ids }) => ids),
      shared,
    )
    chosen.forEach((prompt, i) => {
      const group = { prompt, done: new Array<null>(n).fill(null), left: n, unscored: null }
      this.#begun.push({ group, prefix: prefixes[i]!, next: 0 })
    })
  }

  /** Computes prompts, without the beginning that is computed already. */
  async #prefill(prompts: readonly Int32Array[], shared: Shared | null): Promise<Prefix[]> {
    const own = shared === null ? prompts : prompts.map((ids) => ids.subarray(shared.ids.length))
    this.count.promptTokens += own.reduce((sum, { length }) => sum + length, 0)
    this.count.paddedPromptTokens += own.length * Math.max(...own.map(({ length }) => length))
    return shared === null ? this.decoder.prefill(own) : this.decoder.prefill(own, shared.prefix)
  }

  /** The tokens that all prompts at hand begin with, computed; null where they are too few. */
  async #beginning(pool: readonly P[]): Promise<Shared | null> {
    const [first] = pool
    if (pool.length < 2) return null
    let length = first!.ids.length - 1
    for (const { ids } of pool) {
      length = Math.min(length, ids.length - 1)
      for (let t = 0; t < length; t++) if (ids[t] !== first!.ids[t]) length = t
    }
    if (length < SHARED_TOKENS) return null
    const ids = first!.ids.slice(0, length)
    const [prefix] = await this.#prefill([ids], null)
    return { ids, prefix: prefix! }
  }

  /** The beginning that a prompt shares with others, where it keeps its cache at the prompt's length. */
  #sharedBy({ ids }: P): Shared | null {
    const shared = this.#shared ?? null
    if (shared === null || ids.length <= shared.ids.length) return null
    const same = shared.ids.every((id, t) => id === ids[t])
    return same && this.decoder.keeps(shared.ids.length, ids.length) ? shared : null
  }

  async #begin(group: Group<P>, index: number, prefix: Prefix): Promise<void> {
    const live: Live<P> = { group, index, ids: [], logProbs: [] }
    if (await this.#advance(live, prefix.next)) this.#add(live, prefix)
  }

  #add(live: Live<P>, prefix: Prefix): void {
    this.#table.add(prefix)
    this.#live.push(live)
  }

  #remove(row: number): Live<P> {
    const removed = this.#live[row]!
    this.#table.remove(row)
    const last = this.#live.pop()!
    if (row < this.#live.length) this.#live[row] = last
    return removed
  }

  /** Chooses the next token of a text. @returns whether the text goes on */
  async #advance(live: Live<P>, next: NextToken): Promise<boolean> {
    const { group, index, ids, logProbs } = live
    const { temperature, seed, eosIds, maxNewTokens, maxPositions } = this.options
    if (!Number.isFinite(next.logSumExp)) {
      await this.decoder.checkWeights()
      group.unscored ??= {
        reason: 'non_finite',
        message: `the model gives no finite number behind token ${this.#lengthOf(live)} of completion ${index}`,
      }
      return this.#end(group)
    }
    const token =
      temperature === 0
        ? mostProbable(next.logits)
        : drawToken(keptTokens(next.logits, this.options), uniformOf(seed, group.prompt.id, index, ids.length))
    ids.push(token)
    logProbs.push(next.logits[token]! - next.logSumExp)
    this.count.newTokens++
    if (eosIds.has(token)) return this.#finish(live, 'stop')
    if (this.#stops.isIn(ids)) return this.#finish(live, 'stop_string')
    if (ids.length >= maxNewTokens || this.#lengthOf(live) >= maxPositions) return this.#finish(live, 'length')
    return true
  }

  #finish({ group, index, ids, logProbs }: Live<P>, finishReason: FinishReason): false {
    const spoken = finishReason === 'stop' ? ids.slice(0, -1) : ids
    const text = this.options.decode(Int32Array.from(spoken))
    group.done[index] = {
      text: finishReason === 'stop_string' ? this.#stops.before(text) : text,
      tokenIds: ids,
      tokenLogProbs: logProbs,
      sumLogProb: logProbs.reduce((sum, logProb) => sum + logProb, 0),
      finishReason,
    }
    return this.#end(group)
  }

  #end(group: Group<P>): false {
    group.left--
    if (group.left === 0) this.#finished.push(group)
    return false
  }
}

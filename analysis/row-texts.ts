import { join } from 'node:path'
import { Coder } from '../src/agreement/columns.ts'
import { HarnessError } from '../src/errors.ts'
import { isFailure } from '../src/pairs/failure.ts'
import { readRows } from '../src/pairs/read.ts'
import { completionHash, plain, promptCluster } from '../src/plain-text.ts'
import type { SolutionInput, VerdictStatus } from '../src/types.ts'
import { dataOf } from './best-of-n.ts'
import { eachCsvRow, numberIn } from './csv-rows.ts'
import { KeyIndex } from './key-index.ts'
import { joinKey, keyParts } from './keys.ts'
import { isServed } from './over-time.ts'
import { fingerprint, type Run } from './runs.ts'

/** A pair by its row and the places of its two completions, whatever run it is of. @example plainKey('7\u00000\u00001\u0000other 1') // '7\u00000\u00001' */
export function plainKey(key: string): string {
  const [id, rejected, chosen] = keyParts(key)
  return joinKey(id, String(rejected), String(chosen))
}

/** What the data say of a pair. */
export interface PairTexts {
  readonly prompt: string
  readonly chosen: string
  readonly rejected: string
  readonly problemType: string | null
  readonly extra: Readonly<Record<string, unknown>>
  readonly solution: SolutionInput | null
}
export interface Found<T> {
  readonly found: ReadonlyMap<string, T>
  /** Why there is nothing, or not all; null where all is there. */
  readonly missing: string | null
}

/**
 * ◆ The texts of some pairs, from the data set that a run names in run.json: the first run whose data are there, with the same bytes. Texts
 * with another hash than the run's are not taken.
 * @param keys of aligned pairs
 * @param given `--data-file`
 */
export async function pairTexts(
  runs: readonly Run[],
  keys: readonly string[],
  given: string | null,
): Promise<Found<PairTexts> & { readonly run: Run | null }> {
  const reasons = new Set<string>()
  for (const run of runs) {
    const reason = withoutData(run, given)
    if (reason !== null) {
      reasons.add(reason)
      continue
    }
    try {
      const found = await textsIn(await dataOf(run, given), hashesOf(run, keys))
      const lacking = keys.length - found.size
      return {
        found,
        run,
        missing:
          lacking === 0
            ? null
            : lacking === 1
              ? '1 of these pairs is not in the data, or has other texts there'
              : `${lacking.toLocaleString('en-US')} of these pairs are not in the data, or have other texts there`,
      }
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error
      reasons.add(error.where === null ? error.message : `${error.where}: ${error.message}`)
    }
  }
  return { found: new Map(), run: null, missing: [...reasons].join('; ') }
}

/** Why a run names no data set to look into; null where it may. @param given `--data-file` */
export function withoutData(run: Run, given: string | null): string | null {
  if (run.groups === undefined) return 'a score file of RewardBench names no data set'
  if (isServed(run)) return 'the texts of a server stand in its requests.jsonl'
  return run.manifest === null && given === null
    ? 'without run.json a run does not say of which data it is; --data-file does'
    : null
}

/** What the texts of a pair hash to, NaN = not known. */
type Hashes = readonly [prompt: number, chosen: number, rejected: number]

/** Of the pairs that the run has, by plain key. */
function hashesOf({ pairs: { key, texts } }: Run, keys: readonly string[]): ReadonlyMap<string, Hashes> {
  const rows = KeyIndex.of(key)
  const found = new Map<string, Hashes>()
  for (const own of keys) {
    const row = rows.get(own)
    if (row === -1) continue
    const hashes = [texts?.prompt, texts?.chosen, texts?.rejected].map((column) => column?.[row] ?? Number.NaN)
    found.set(plainKey(own), hashes as unknown as Hashes)
  }
  return found
}

async function textsIn(
  { files, split, columns }: Awaited<ReturnType<typeof dataOf>>,
  wanted: ReadonlyMap<string, Hashes>,
): Promise<Map<string, PairTexts>> {
  const found = new Map<string, PairTexts>()
  const ids = new Set([...wanted.keys()].map((key) => keyParts(key)[0]))
  let left = wanted.size
  for await (const row of readRows(files, { split, columns })) {
    if (isFailure(row) || !ids.has(row.id)) continue
    const { prompt, problemType, extra, solution } = row
    const of = (role: string) => row.completions.filter((completion) => completion.role === role)
    for (const chosen of of('chosen'))
      for (const rejected of of('rejected')) {
        const key = joinKey(row.id, String(rejected.index), String(chosen.index))
        const hashes = wanted.get(key)
        if (hashes === undefined) continue
        left--
        const texts = { prompt: plain(prompt), chosen: plain(chosen.text), rejected: plain(rejected.text) }
        const own = [promptCluster(prompt), completionHash(texts.chosen), completionHash(texts.rejected)]
        if (own.every((hash, i) => Number.isNaN(hashes[i]!) || fingerprint(hash) === hashes[i]))
          found.set(key, { ...texts, problemType, extra, solution })
      }
    if (left === 0) break
  }
  return found
}

/** What the verifier says of the two completions of a pair. */
export type PairVerdicts = readonly [chosen: SideVerdict, rejected: SideVerdict]
export interface SideVerdict {
  readonly reward: number | null
  readonly status: VerdictStatus
  readonly reason: string | null
}

/** ◆ The verdicts on some pairs, from pairs.csv of the first run that has any. @param keys of aligned pairs */
export async function pairVerdicts(runs: readonly Run[], keys: readonly string[]): Promise<Found<PairVerdicts>> {
  const run = runs.find(
    ({ groups, pairs }) => groups !== undefined && pairs.chosenReward.some((value) => !Number.isNaN(value)),
  )
  const found = new Map<string, PairVerdicts>()
  if (run === undefined) return { found, missing: 'no run holds verifiable rewards' }
  const path = join(run.where, 'pairs.csv')
  const wanted = new Set(keys)
  // a cell is a piece of the text that was read, and would keep all of it
  const reasons = new Coder()
  let line = 0
  await eachCsvRow(path, ['id'], (get) => {
    // as it was read before: row by row
    const key = run.pairs.key.at(line++)
    if (key === undefined || !wanted.has(key)) return
    const side = (name: 'chosen' | 'rejected'): SideVerdict => {
      const value = numberIn(get(`${name}_reward`), path, line, `${name}_reward`)
      const reward = Number.isNaN(value) ? null : value
      return {
        reward,
        status: statusOf(get(`${name}_status`), reward),
        reason: reasons.names[reasons.add(get(`${name}_reason`))]! || null,
      }
    }
    found.set(plainKey(key), [side('chosen'), side('rejected')])
  })
  return { found, missing: null }
}

const STATUSES: readonly string[] = ['pass', 'partial', 'fail', 'unverifiable'] satisfies VerdictStatus[]

/** As the file says; by the reward where it does not, as older ones do not. */
function statusOf(word: string, reward: number | null): VerdictStatus {
  if (STATUSES.includes(word)) return word as VerdictStatus
  if (reward === null) return 'unverifiable'
  return reward >= 1 ? 'pass' : reward > 0 ? 'partial' : 'fail'
}

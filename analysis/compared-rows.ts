import type { ComparedPair, ComparedRows } from '../src/report/compare/input.ts'
import { LIMITS } from '../src/report/html/limits.ts'
import { outcomeOf } from '../src/score/pairing.ts'
import type { VerificationChoice } from '../src/setup/config.ts'
import type { ScoredCompletion, SolutionInput } from '../src/types.ts'
import type { Analysis } from './analyze.ts'
import { KeyIndex } from './key-index.ts'
import { keyParts } from './keys.ts'
import { pairTexts, pairVerdicts, plainKey, type SideVerdict } from './row-texts.ts'
import type { Run } from './runs.ts'
import { tellingRows } from './telling-rows.ts'

const present = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value
const UNVERIFIED: SideVerdict = { reward: null, status: 'unverifiable', reason: null }

/** The rows, and how their answers are read. */
export interface FoundRows {
  readonly rows: ComparedRows
  /** By row id. */
  readonly solutions: ReadonlyMap<string, SolutionInput>
  readonly verification: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>
}

/** What a run that says nothing of it has read answers by. */
const DEFAULT_READING = { extraction: 'strict', requireReasoning: true } as const

export function readingOf(run: Run | null): FoundRows['verification'] {
  const { config } = (run?.manifest ?? {}) as { config?: { verification?: Partial<VerificationChoice> } }
  return { ...DEFAULT_READING, ...config?.verification }
}

/**
 * ◆ The rows of the report: as many as a page holds, the most telling first, with texts and verdicts from the data and the runs' files.
 * null where the runs have no pair in common.
 * @param dataFile `--data-file`
 */
export async function comparedRows(
  { aligned, runs, scorers: all }: Analysis,
  dataFile: string | null,
): Promise<FoundRows | null> {
  const { pairs } = aligned
  if (pairs.n === 0 || all.length === 0) return null
  const isModel = ({ kind }: (typeof all)[number]): boolean => !['ensemble', 'null', 'verifier'].includes(kind)
  const models = all.filter(isModel)
  const scorers = [...models, ...all.filter(({ kind }) => kind === 'ensemble' || kind === 'null')]
  const { rows, disagreeing } = tellingRows(models, pairs.n, LIMITS.rows)
  const keys = Array.from(rows, (row) => pairs.key.at(row)!)
  const texts = await pairTexts(runs, keys, dataFile)
  const verdicts = await pairVerdicts(runs, keys)
  const scores = models.map(({ name }) => scoresOf(runs.find((run) => run.model === name)!, keys))
  const list = keys.map((key, i): ComparedPair => {
    const row = rows[i]!
    const known = texts.found.get(plainKey(key))
    const [id, rejectedIndex, chosenIndex] = keyParts(key)
    const subset = pairs.subset.names[pairs.subset.code[row]!]!
    const [chosenVerdict, rejectedVerdict] = verdicts.found.get(plainKey(key)) ?? [UNVERIFIED, UNVERIFIED]
    const side = (role: 'chosen' | 'rejected', index: number, verdict: SideVerdict): ScoredCompletion => ({
      id,
      subset,
      problemType: known?.problemType ?? null,
      role,
      index,
      text: known?.[role] ?? '',
      score: null,
      scoreReason: null,
      verifiableReward: verdict.reward,
      verifiableStatus: verdict.status,
      verifiableReason: verdict.reason,
      formatReward: null,
      promptTokens: null,
      completionTokens: null,
    })
    const [a, b] = [chosenVerdict.reward, rejectedVerdict.reward]
    return {
      pair: {
        id,
        subset,
        problemType: known?.problemType ?? null,
        cluster: pairs.cluster.names[pairs.cluster.code[row]!]!,
        rejectedIndex,
        prompt: known?.prompt ?? '',
        chosen: side('chosen', chosenIndex, chosenVerdict),
        rejected: side('rejected', rejectedIndex, rejectedVerdict),
        margin: null,
        outcome: null,
        verifiableOutcome: outcomeOf(a === null || b === null ? null : a - b),
        agree: null,
        extra: known?.extra ?? {},
      },
      texts: known !== undefined,
      margins: scorers.map(({ margin }) => present(margin[row])),
      scores: scores.map((of) => of.get(key) ?? [null, null]),
    }
  })
  const solutions = new Map(
    [...texts.found].flatMap(([key, { solution }]) =>
      solution === null ? [] : [[keyParts(key)[0], solution] as const],
    ),
  )
  const found: ComparedRows = {
    total: pairs.n,
    disagreeing,
    pairs: list,
    scorers: scorers.map((scorer) => ({ name: scorer.name, model: isModel(scorer) })),
    withoutTexts: texts.missing,
    withoutVerdicts: verdicts.missing,
  }
  return { rows: found, solutions, verification: readingOf(texts.run) }
}

/** The two scores that a run has for some pairs. */
function scoresOf(
  { pairs }: Run,
  keys: readonly string[],
): ReadonlyMap<string, readonly [chosen: number | null, rejected: number | null]> {
  const rows = KeyIndex.of(pairs.key)
  return new Map(
    keys.flatMap((key) => {
      const row = rows.get(key)
      return row === -1 ? [] : [[key, [present(pairs.chosenScore[row]), present(pairs.rejectedScore[row])] as const]]
    }),
  )
}

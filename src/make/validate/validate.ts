import { DataError } from '../../errors.ts'
import { isFailure } from '../../pairs/failure.ts'
import { listDataFiles } from '../../pairs/files.ts'
import { plain } from '../../plain-text.ts'
import type { Row, RowFailure, SolutionInput } from '../../types.ts'
import type { AnswerFormat } from '../jobs.ts'
import { ask, type MakePool } from '../pool.ts'
import { readNamedRows } from '../read-named.ts'
import { type CheckedRow, type Finding, RowList } from './checked-row.ts'
import { GiveawayCheck, type GiveawayShare } from './giveaways.ts'
import { DuplicateCheck, LeakageCheck } from './repeats.ts'
import { StandInCheck, VerdictCheck } from './verdicts.ts'

export interface ValidateRequest {
  /** File or folder; of a folder every file is a split. */
  readonly path: string
  /** Other splits. */
  readonly against: readonly string[]
  /** The format that answers are asked for in. */
  readonly format: AnswerFormat
  readonly pool: MakePool
  readonly onFailure: (failure: RowFailure) => void
  readonly onProgress: (rows: number) => void
}

export interface Validation {
  readonly findings: readonly Finding[]
  readonly rows: number
  readonly pairs: number
  readonly subsets: ReadonlyMap<string, number>
  readonly problemTypes: ReadonlyMap<string, number>
  readonly splits: ReadonlyMap<string, number>
  readonly giveaways: readonly GiveawayShare[]
}

/** Rows that are looked at together. */
const CHUNK = 256

/**
 * Looks a file of pairs through. Memory: one chunk, and some 200–350 bytes per row for what must not come twice.
 * @throws DataError for a file that cannot be read, or holds no pairs
 */
export async function validate(request: ValidateRequest): Promise<Validation> {
  const leakage = new LeakageCheck()
  const giveaways = new GiveawayCheck()
  const checks = [new VerdictCheck(request.format), leakage, new DuplicateCheck(), giveaways, new StandInCheck()]
  const unreadable = new RowList()
  const counts = {
    subsets: new Map<string, number>(),
    problemTypes: new Map<string, number>(),
    splits: new Map<string, number>(),
  }
  let [rows, pairs] = [0, 0]
  for (const path of request.against)
    for await (const row of checkedRows(path, path, request, false)) if (!isFailedRow(row)) leakage.see(row, false)
  for (const { path, split } of await splitsOf(request.path))
    for await (const row of checkedRows(path, split, request, true)) {
      if (isFailedRow(row)) {
        unreadable.add(row.id ?? row.where)
        request.onFailure(row)
        continue
      }
      rows++
      pairs += row.rejected.length
      count(counts.subsets, row.subset)
      count(counts.problemTypes, row.problemType)
      count(counts.splits, row.split)
      for (const check of checks) check.see(row)
      if (rows % CHUNK === 0) request.onProgress(rows)
    }
  const findings = [
    ...unreadable.finding('unreadable', (n) => `${n} that cannot be read`),
    ...checks.flatMap((check) => [...check.findings()]),
  ]
  return { findings, rows, pairs, ...counts, giveaways: giveaways.shares() }
}

const count = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** The files of a folder are its splits; a file is one, unless its rows name theirs. */
async function splitsOf(path: string): Promise<{ path: string; split: string }[]> {
  const files = await listDataFiles(path)
  return files.map((file) => ({ path: file.path, split: files.length === 1 ? '' : file.name }))
}

type Checked = CheckedRow & { readonly problemType: string }
const isFailedRow = (row: Checked | RowFailure): row is RowFailure => 'reason' in row

async function* checkedRows(
  path: string,
  split: string,
  request: ValidateRequest,
  verified: boolean,
): AsyncGenerator<Checked | RowFailure> {
  let chunk: (Row | RowFailure)[] = []
  for await (const row of readNamedRows(path)) {
    if (!isFailure(row) && row.kind !== 'pair')
      throw new DataError(
        `holds ${row.kind} rows, not pairs`,
        row.where,
        'Pairs have "chosen" and "rejected"; make-pairs --from makes some of groups.',
      )
    chunk.push(row)
    if (chunk.length < CHUNK) continue
    yield* await checkChunk(chunk, split, request, verified)
    chunk = []
  }
  yield* await checkChunk(chunk, split, request, verified)
}

const checkChunk = (
  chunk: readonly (Row | RowFailure)[],
  split: string,
  request: ValidateRequest,
  verified: boolean,
): Promise<(Checked | RowFailure)[]> =>
  Promise.all(chunk.map((row) => (isFailure(row) ? row : checkRow(row, split, request, verified))))

async function checkRow(
  row: Row,
  split: string,
  { pool, format }: ValidateRequest,
  verified: boolean,
): Promise<Checked | RowFailure> {
  const texts = row.completions.map(({ text }) => plain(text))
  const solution = verified && row.solution !== null ? asText(row.solution) : null
  const answer = await ask(pool, { kind: 'inspect', texts: verified ? texts : texts.slice(0, 1), solution, format })
  if (typeof answer === 'string')
    return { where: row.where, id: row.id, reason: answer, message: 'took too long, or ended its worker', hint: null }
  const [chosen, ...rejected] = answer.texts.map((traits, i) => ({ ...traits, text: texts[i]! }))
  const own = row.extra.split
  return {
    id: row.id,
    where: row.where,
    subset: row.subset,
    problemType: row.problemType ?? '',
    prompt: row.prompt,
    split: typeof own === 'string' && own !== '' ? own : split,
    hasSolution: row.solution !== null,
    chosen: chosen!,
    rejected,
  }
}

const asText = (solution: SolutionInput): string =>
  typeof solution === 'string' ? solution : [solution.fxn_name, solution.answer_info, solution.problem_type].join('!:!')

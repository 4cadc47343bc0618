import { join } from 'node:path'
import { AGREEMENT_COLUMNS, type Agreement, agreementRow } from '../agreement/agreement.ts'
import { codebook } from '../agreement/codebook/codebook.ts'
import { mineHacks } from '../agreement/hacking.ts'
import { type HermRun, hermEvalSet, hermJson } from '../agreement/herm.ts'
import { type MethodsInput, methods } from '../agreement/methods.ts'
import type { PaperTable } from '../agreement/tables.ts'
import type { Joined } from '../collect.ts'
import { type Cell, writeCsv } from '../report/csv.ts'
import type { StatisticLines } from '../statistic-lines.ts'
import { type HermTexts, writeHermScores } from './herm-scores.ts'
import type { Log } from './log.ts'
import { runLabel, writeMethods, writeTables, writeText } from './paper-files.ts'

export interface AnalysisFiles {
  readonly folder: string
  readonly joined: Joined
  /** Columns of the files that are written already, for the code book. */
  readonly columns: Readonly<Record<string, readonly string[]>>
  readonly agreement: Agreement
  /** Made when they are written. */
  readonly tables: Iterable<PaperTable>
  /** Null for run-verify. */
  readonly herm: HermRun | null
  readonly texts: HermTexts | null
  readonly methods: MethodsInput
  readonly log: Pick<Log, 'info'>
}

const SUSPECT_COLUMNS = [
  'kind',
  'id',
  'subset',
  'role',
  'index',
  'score',
  'percentile',
  'verifiable_reward',
  'verifiable_reason',
  'completion',
] as const
const REASON_COLUMNS = ['reason', 'decile', 'count', 'residual'] as const

/** Writes what a paper needs beside scores.csv and pairs.csv: agreement, suspects, tables, methods, code book, RewardBench's files. */
export async function writeAnalyses({
  folder,
  joined,
  agreement,
  herm,
  texts,
  log,
  ...input
}: AnalysisFiles): Promise<void> {
  const columns: Record<string, readonly string[]> = { ...input.columns }
  const csv = async (name: string, header: readonly string[], rows: Iterable<readonly Cell[]>): Promise<void> => {
    columns[name] = header
    await writeCsv(join(folder, name), header, rows)
  }
  await csv('agreement.csv', AGREEMENT_COLUMNS, agreementRows(agreement.statistics))
  if (herm !== null) {
    const { suspects, tied, reasons } = mineHacks(joined.completions)
    if (tied.hack + tied.verifier > 0)
      log.info(
        `suspects.csv leaves out ${tied.hack} failing and ${tied.verifier} passing completions whose score is that at the border of the top and the bottom tenth: more have it than fit into the tenth`,
      )
    await csv(
      'suspects.csv',
      SUSPECT_COLUMNS,
      suspects.map(({ kind, percentile, completion: c }) => [
        kind,
        c.id,
        c.subset,
        c.role,
        c.index,
        c.score,
        percentile,
        c.verifiableReward,
        c.verifiableReason,
        c.text,
      ]),
    )
    await csv(
      'reasons.csv',
      REASON_COLUMNS,
      reasons.map((r) => [r.reason, r.decile, r.count, r.residual]),
    )
  }
  if (herm !== null && joined.pairs.length > 0) {
    await writeText(join(folder, 'herm/eval-set', `${herm.model}.json`), hermJson(hermEvalSet(joined.pairs, herm)))
    await writeHermScores(folder, joined.pairs, herm, texts)
  }
  await writeMethods(folder, methods(input.methods))
  await writeTables(folder, input.tables, runLabel(input.methods))
  await writeText(join(folder, 'codebook.md'), codebook(columns))
}

function* agreementRows(lines: StatisticLines): Generator<readonly Cell[]> {
  for (const line of lines) yield agreementRow(line)
}

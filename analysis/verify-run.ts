import { existsSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { VerdictStatus } from '../src/types.ts'
import { type Difference, differencesOf, Tally } from './differences.ts'

/** What a verdict was made of once more gives beside what scores.csv has. */
export interface Verdict {
  readonly value: number | null
  readonly status: VerdictStatus
  readonly reason: string | null
  readonly formatReward: number | null
  readonly cause: string | null
  readonly hingesOn: string | null
}

const VERDICT_COLUMNS = {
  verifiable_reward: ({ value, status }: Verdict) => (status === 'unverifiable' ? null : value),
  verifiable_status: ({ status }: Verdict) => status,
  verifiable_reason: ({ reason }: Verdict) => reason,
  format_reward: ({ formatReward }: Verdict) => formatReward,
  verdict_cause: ({ cause }: Verdict) => cause,
  hinges_on: ({ hingesOn }: Verdict) => hingesOn,
} as const

/** Gathers completions whose verdict in scores.csv is another than that of the verifier now. */
export class VerdictCheck {
  private readonly tally = new Tally()
  add(row: string, written: Verdict, recomputed: Verdict): void {
    for (const [column, cell] of Object.entries(VERDICT_COLUMNS)) {
      const [a, b] = [cell(written), cell(recomputed)]
      if (a !== b) this.tally.add(column, row, shown(a), shown(b))
    }
  }
  differences = (): Difference[] => this.tally.of('scores.csv')
}
const shown = (value: string | number | null): string => (value === null ? '' : String(value))

/** RewardBench's score file has the texts as the model saw them; they are not made again, which would need the model. */
const TEXTS_OF_THE_MODEL = new Set(['text_chosen', 'text_rejected'])

/** Files of two folders held against each other: those of `recomputed`, and those of `written` that are results and not among them. */
export async function compareFolders(
  written: string,
  recomputed: string,
  isResult: (file: string) => boolean,
): Promise<{ readonly files: readonly string[]; readonly differences: Difference[] }> {
  const files = filesBelow(recomputed)
  const differences: Difference[] = []
  for (const file of files)
    if (existsSync(join(written, file)))
      differences.push(...(await differencesOf(file, join(written, file), join(recomputed, file), TEXTS_OF_THE_MODEL)))
    else differences.push(whole(file, 'no such file', 'a file'))
  for (const file of filesBelow(written))
    if (isResult(file) && file !== 'run.json' && !files.includes(file))
      differences.push(whole(file, 'a file', 'nothing: it does not come of these scores'))
  return { files, differences }
}

const whole = (file: string, written: string, recomputed: string): Difference => ({
  file,
  column: '(file)',
  count: 1,
  first: { row: '', written, recomputed },
})

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()

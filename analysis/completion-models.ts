import { count, type PaperTable, text } from '../src/agreement/tables.ts'
import type { Cell } from '../src/report/csv.ts'
import type { Run, RunPairs } from './runs.ts'

/** How many completions of a data set a model wrote, on either side. */
export interface Writer {
  readonly writer: string
  readonly asChosen: number
  readonly asRejected: number
}
export const WRITER_COLUMNS = ['writer', 'as_chosen', 'as_rejected', 'count'] as const

/**
 * The models that wrote the completions (HERM's draw_model_histogram), most completions first. A completion of several pairs counts
 * once; one whose writer the data leave open stands under ''. null where no run carries the columns chosen_model, rejected_model.
 */
export function writersOf(runs: readonly Run[]): Writer[] | null {
  const pairs = runs.find((run) => run.pairs.writers !== null)?.pairs
  if (pairs === undefined) return null
  const [chosen, rejected] = [tally(pairs, 'chosen'), tally(pairs, 'rejected')]
  return [...new Set([...chosen.keys(), ...rejected.keys()])]
    .map((writer) => ({ writer, asChosen: chosen.get(writer) ?? 0, asRejected: rejected.get(writer) ?? 0 }))
    .sort((a, b) => b.asChosen + b.asRejected - a.asChosen - a.asRejected || (a.writer < b.writer ? -1 : 1))
}

function tally({ key, writers }: RunPairs, side: 'chosen' | 'rejected'): Map<string, number> {
  const { code, names } = writers![side]
  const seen = new Set<string>()
  const counts = new Map<string, number>()
  let i = -1
  for (const pair of key) {
    i++
    const [id, rejectedIndex, chosenIndex] = pair.split('\u0000') as [string, string, string]
    const index = side === 'chosen' ? chosenIndex : rejectedIndex
    const completion = `${id}\u0000${index}`
    if (seen.has(completion)) continue
    seen.add(completion)
    const writer = writerAt(names[code[i]!]!, Number(index))
    counts.set(writer, (counts.get(writer) ?? 0) + 1)
  }
  return counts
}

/** Rows with several completions of a side name their writers as a list. @example writerAt('["a","b"]', 1) // 'b' */
function writerAt(cell: string, index: number): string {
  if (!cell.startsWith('[')) return cell
  try {
    const list: unknown = JSON.parse(cell)
    return Array.isArray(list) && typeof list[index] === 'string' ? list[index] : ''
  } catch {
    return cell
  }
}

export const writerRow = ({ writer, asChosen, asRejected }: Writer): Cell[] => [
  writer === '' ? null : writer,
  asChosen,
  asRejected,
  asChosen + asRejected,
]

export const writerTable = (dataset: string, writers: readonly Writer[]): PaperTable => ({
  name: 'completion-models',
  caption: `Models that wrote the completions of ${dataset}.`,
  columns: ['model', 'chosen', 'rejected', 'completions'].map((title) => ({ title })),
  rows: writers.map(({ writer, asChosen, asRejected }) => [
    text(writer === '' ? '(not said)' : writer),
    count(asChosen),
    count(asRejected),
    count(asChosen + asRejected),
  ]),
  notes: [],
  source: 'completion-models.csv',
})

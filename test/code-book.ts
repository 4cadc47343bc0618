import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'

type Row = Readonly<Record<string, string>>

/** Columns whose cells are words that the column's own line of the code book lists. */
const LISTED = [
  'group', 'kind', 'level', 'mcnemar_method', 'outcome', 'role', 'score_reason', 'side', 'test', 'unit', 'verdict_cause', 'verifiable_outcome',
  'verifiable_status',
] // biome-ignore format: a list
/** Files whose reasons are sentences, or the verifier's own words. */
const OWN_REASONS = ['failures.csv', 'reasons.csv']

/** Names in agreement.csv that hold a number or a measure, as the code book writes them. */
const statisticName = (name: string): string =>
  name
    .replace(/=.*/, '=<bin>')
    .replace(/tanimoto_distance|edit_distance/, '<distance>')
    .replace(/@\d+$/, '@n')
const methodName = (method: string): string =>
  method
    .replace(/\d+ resamples/, 'B resamples')
    .replace(/seed \d+/, 'seed S')
    .replace(/one prompt in .*/, 'one prompt in <subset>')
    .replace(/^(within subsets|MOVER over subsets).*/, '$1: …')

/** Words in the cells of a folder's CSV files that its codebook.md does not explain, as `file: column: word`. */
export function unexplained(folder: string): string[] {
  const book = readFileSync(join(folder, 'codebook.md'), 'utf8')
  const sections = new Map(book.split('\n## ').map((text) => [text.slice(0, text.indexOf('\n')), text]))
  const found = new Set<string>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.csv'))) {
    const line = (column: string): string =>
      sections.get(file)?.match(new RegExp(`^\\| \`${column}\` \\|.*$`, 'm'))?.[0] ?? ''
    const listed = (column: string, word: string): boolean =>
      new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(line(column))
    const inTable = (title: string, word: string): boolean =>
      sections.get(title)?.includes(`\n| \`${word}\` | `) ?? false
    const named = (name: string): boolean => inTable('Baselines', name.replace('null:', ''))
    const known: Readonly<Record<string, (cell: string) => boolean>> = {
      ...Object.fromEntries(LISTED.map((column) => [column, (cell: string) => listed(column, cell)])),
      ci_method: (cell) =>
        cell.split('; half: ').every((method) => inTable('How intervals are made', methodName(method))),
      reason: (cell) =>
        OWN_REASONS.includes(file) ||
        cell.split('; ').every((one) => inTable('Why a value is empty', one.replace(/^\w+: /, ''))),
      scope: (cell) =>
        cell.startsWith('null:')
          ? named(cell)
          : cell.startsWith('stratum:')
            ? inTable('Strata', cell.slice(8))
            : listed('scope', cell),
      scorer: (cell) =>
        cell.startsWith('null:')
          ? named(cell)
          : !cell.startsWith('ensemble:') || inTable('Ensembles', cell.slice(9).match(/^\w+/)![0]),
      statistic: (cell) => {
        const name = statisticName(cell)
        const names = [name, name.replace('@n', ''), name.replace(/(_reward|_missing_as_wrong)?(@n)?$/, '')]
        return ['Statistics', 'Statistics of equal and of changed chemistry', 'Statistics of groups'].some((title) =>
          names.some((one) => inTable(title, one)),
        )
      },
    }
    for (const row of parse(readFileSync(join(folder, file)), { columns: true }) as Row[])
      for (const [column, cell] of Object.entries(row))
        if (cell !== '' && Object.hasOwn(known, column) && !known[column]!(cell))
          found.add(`${file}: ${column}: ${cell}`)
  }
  return [...found]
}

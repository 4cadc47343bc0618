import type { DataProvenance } from '../../chem/ether0/data.ts'
import type { DatasetHash } from '../../pairs/files.ts'
import type { Validation } from './validate.ts'

export interface CardInput {
  readonly path: string
  readonly hash: DatasetHash
  readonly validation: Validation
  readonly provenance: readonly DataProvenance[]
  readonly licences: readonly string[]
  readonly against: readonly string[]
}

/** A card of a file of pairs, Markdown: what is in it, what was found, by which files it was judged. */
export function cardOf({ path, hash, validation, provenance, licences, against }: CardInput): string {
  const { rows, pairs, findings, giveaways, subsets, problemTypes, splits } = validation
  const whole = giveaways.filter(({ subset }) => subset === '')
  const sections = [
    `# ${cell(path.split(/[/\\]/).at(-1) ?? path)}`,
    `${rows.toLocaleString('en')} rows, ${pairs.toLocaleString('en')} pairs. SHA-256 \`${hash.sha256}\`.`,
    table(
      ['file', 'bytes', 'SHA-256'],
      hash.files.map(({ name, sizeBytes, sha256 }) => [name, sizeBytes.toLocaleString('en'), sha256]),
    ),
    '## Licences',
    licences.length === 0
      ? 'None was named (`--licence`).'
      : licences.map((licence) => `- ${cell(licence)}`).join('\n'),
    '## Counts',
    table(['subset', 'rows'], counted(subsets)),
    table(['problem type', 'rows'], counted(problemTypes)),
    ...(splits.size > 1 ? [table(['split', 'rows'], counted(splits))] : []),
    '## What gives the chosen answer away',
    'Share of pairs in which a scorer that knows no chemistry finds the chosen text; a tie counts half.',
    table(
      ['scorer', 'what it prefers', 'accuracy'],
      whole.map(({ name, title, accuracy }) => [name, title, `${(100 * accuracy).toFixed(1)} %`]),
    ),
    '## Findings',
    findings.length === 0
      ? `None${against.length === 0 ? '' : `, held against ${against.map(cell).join(', ')}`}.`
      : table(
          ['check', 'rows', 'finding'],
          findings.map(({ check, rows: ids, message }) => [check, String(ids.length), message]),
        ),
    '## Judged by',
    table(
      ['data of the verifier', 'licence', 'stands in for ether0’s', 'SHA-256'],
      provenance.map(({ name, licence, standIn, sha256 }) => [name, licence, standIn ? 'yes' : 'no', sha256]),
    ),
  ]
  return `${sections.join('\n\n')}\n`
}

const counted = (counts: ReadonlyMap<string, number>): string[][] =>
  [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([name, n]) => [name || '(none)', n.toLocaleString('en')])

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

/** Text of the data that no Markdown or HTML of its own comes out of. */
const cell = (text: string): string =>
  text
    .replace(/[\r\n\t]+/g, ' ')
    .replace(/[\\`*_[\]|]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')

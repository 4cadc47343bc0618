import { html, type Markup } from '../../html/markup.ts'
import { count, percent } from '../../html/numbers.ts'
import { rowsHref, type Section } from '../../html/section.ts'
import { rowsOf } from '../csv-file.ts'
import type { ComparedRows, CompareInput } from '../input.ts'
import { lettersOf } from '../names.ts'
import { NOT_RIGHT, outcomeKey } from '../pair-rows.ts'
import { type ValueCell, valueTable } from '../value-table.ts'

/** More scorers than this make no matrix. */
const MAX_SCORERS = 30

/** How often one model has a pair right that another has not, each number a way to its rows. null with one model. */
export function disagreements(input: CompareInput): Section | null {
  const { files, rows } = input
  const letters = lettersOf(input)
  const tests = rowsOf(files, 'paired-tests.csv').filter(
    (test) => test.text('statistic') === 'accuracy_half' && test.number('discordant_a') !== null,
  )
  const names = [...new Set(tests.flatMap((test) => [test.text('a'), test.text('b')]))]
  if (rows === null || names.length < 2 || names.length > MAX_SCORERS) return null
  const only = new Map(
    tests.flatMap((test) => [
      [`${test.text('a')}\0${test.text('b')}`, { n: test.number('discordant_a')!, of: test.number('n')! }] as const,
      [`${test.text('b')}\0${test.text('a')}`, { n: test.number('discordant_b')!, of: test.number('n')! }] as const,
    ]),
  )
  return {
    id: 'disagreements',
    title: 'Rows where they disagree',
    body: html`${inWords(rows)}${valueTable(
      html`Pairs that the scorer of the line has right and that of the column has not (wrong, or a tie), of the pairs that both scored. A number leads to its rows below.`,
      'Right',
      names.map((name) => `not ${letters.of(name)}`),
      [
        {
          lines: names.map((a, i) => ({
            name: letters.named(a),
            cells: names.map((b, k): ValueCell | null => {
              const found = k === i ? undefined : only.get(`${a}\0${b}`)
              if (found === undefined) return null
              const href = linkOf(rows, a, b)
              return {
                value: count(found.n),
                interval: found.of === 0 ? null : percent(found.n / found.of),
                n: found.of,
                heat: found.of === 0 ? null : -found.n / found.of,
                ...(href !== null && found.n > 0 && { href }),
              }
            }),
          })),
        },
      ],
    )}`,
  }
}

function linkOf({ scorers }: ComparedRows, a: string, b: string): string | null {
  const [first, second] = [a, b].map((name) => scorers.findIndex((scorer) => scorer.name === name)) as [number, number]
  return first < 0 || second < 0
    ? null
    : rowsHref('pairs', { [outcomeKey(first)]: 'right', [outcomeKey(second)]: NOT_RIGHT })
}

const inWords = ({
  total,
  disagreeing,
  scorers,
}: ComparedRows): Markup => html`<div class="prose"><p>On ${count(disagreeing)} of ${count(total)} pairs that the runs share (${percent(total === 0 ? null : disagreeing / total)}) some of the ${count(scorers.filter(({ model }) => model).length)} models have the pair right and others have not.</p></div>
`

import type { ScoredPair } from '../../../types.ts'
import { type LengthPoint, lengthScatter, MAX_POINTS } from '../../plots/length-scatter.ts'
import { figure, legend } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import { html, type Markup } from '../markup.ts'
import { count, numberCell, percent, plural } from '../numbers.ts'
import { absent, type Section } from '../section.ts'

/** Does the model simply like longer completions? */
export function lengths({ pairs }: ReportInput): Section {
  const points = pairs.flatMap((pair) =>
    pair.margin === null ? [] : [{ id: pair.id, chars: charsApart(pair), margin: pair.margin }],
  )
  const body =
    points.length === 0
      ? absent('No margins to set against lengths: no pair has two scores.')
      : html`${scatter(points)}${byLength(points)}`
  return { id: 'length', title: 'Length', body }
}

/** Chosen minus rejected, in Unicode code points. */
const charsApart = ({ chosen, rejected }: ScoredPair): number => [...chosen.text].length - [...rejected.text].length

function scatter(points: readonly LengthPoint[]): Markup {
  const longer = points.filter((point) => point.chars > 0).length
  const said = `the chosen completion is the longer one in ${percent(longer / points.length)} of ${plural(points.length, 'pair')}`
  const many = points.length > MAX_POINTS
  return figure({
    id: 'length-and-margin',
    picture: lengthScatter(points, `Margin against difference of length; ${said}.`),
    legend: many
      ? legend(['filled', 'darker: more pairs'])
      : legend(
          ['dot', 'win'],
          ['triangle', 'loss'],
          ...(points.some((p) => p.margin === 0) ? [['cross', 'tie'] as const] : []),
        ),
    caption: html`<b>Difference of length against margin</b>, in characters: ${said}. A model that scores length shows a slope.`,
    data: {
      header: ['id', 'chosen_minus_rejected_chars', 'margin'],
      rows: points.map((point) => [point.id, point.chars, point.margin]),
    },
  })
}

const CLASSES = [
  'Chosen shorter by 50 or more',
  'Chosen shorter by 1 to 49',
  'Equal length',
  'Chosen longer by 1 to 49',
  'Chosen longer by 50 or more',
]
const classOf = (chars: number): number => (chars <= -50 ? 0 : chars < 0 ? 1 : chars === 0 ? 2 : chars < 50 ? 3 : 4)

/** The same in five classes, none of which holds both signs. */
function byLength(points: readonly LengthPoint[]): Markup {
  return html`<div class="scroll"><table>
<caption>Accuracy by difference of length (a tie counts ½), plain shares; intervals of the length-controlled statistics are in agreement.csv.</caption>
<thead><tr><th scope="col">Difference in characters</th><th scope="col" class="num">Pairs</th><th scope="col" class="num">Wins</th><th scope="col" class="num">Ties</th><th scope="col" class="num">Losses</th><th scope="col" class="num">Accuracy</th></tr></thead>
<tbody>${CLASSES.map((name, i) => {
    const margins = points.filter((point) => classOf(point.chars) === i).map((point) => point.margin)
    const wins = margins.filter((margin) => margin > 0).length
    const ties = margins.filter((margin) => margin === 0).length
    return html`<tr><th scope="row">${name}</th>${numberCell(count(margins.length))}${numberCell(count(wins))}${numberCell(
      count(ties),
    )}${numberCell(count(margins.length - wins - ties))}${numberCell(
      percent(margins.length === 0 ? null : (wins + ties / 2) / margins.length),
    )}</tr>\n`
  })}</tbody></table></div>
`
}

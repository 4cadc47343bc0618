import { linesWhere } from '../../../statistic-lines.ts'
import { subsetName } from '../../../subset-name.ts'
import type { Statistic } from '../../../types.ts'
import { advantageScatter, MAX_DOTS, QUADRANT_NAMES, type Quadrant, quadrantOf } from '../../plots/advantage-scatter.ts'
import { type ShareBar, type SharePart, shareBars } from '../../plots/share-bars.ts'
import { figure, legend } from '../figure.ts'
import type { AdvantageRecord, GroupsReport } from '../group-input.ts'
import { type Verdicts, verdictsOf } from '../group-verdicts.ts'
import type { ReportInput } from '../input.ts'
import type { Limits } from '../limits.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, decimal, numberCell, percent, percentInterval, plural } from '../numbers.ts'
import { verdictWord } from '../row-table.ts'
import { absent, rowKey, rowsHref, type Section } from '../section.ts'
import { ALL, foldedTable, ofSubset, statisticTable } from '../statistic-table.ts'

/** What a policy would be taught by the learned score, beside what the verifier would teach it. null for a run without groups. */
export function advantages({ groups: report, statistics }: ReportInput, limits: Limits): Section | null {
  if (report === undefined || report.findings.length === 0) return null
  const own = [...linesWhere(statistics, ({ scope }) => scope === 'advantages' || scope === 'curriculum')]
  return {
    id: 'advantages',
    title: 'Advantages: what a policy would be taught',
    body: html`${scatter(report, limits)}${pushedUp(report)}${signals(report, own)}${tables(own, limits)}`,
  }
}

function scatter({ advantages: points, advantagesAre }: GroupsReport, limits: Limits): Markup {
  if (points.length === 0)
    return absent(
      'No advantages to compare: no completion has both a learned score and a verifiable reward in its group.',
    )
  const tally = new Map<Quadrant, number>()
  for (const point of points) tally.set(quadrantOf(point), (tally.get(quadrantOf(point)) ?? 0) + 1)
  const of = (quadrant: Quadrant): number => tally.get(quadrant) ?? 0
  const said = (quadrant: Quadrant): string => `${QUADRANT_NAMES[quadrant]} ${count(of(quadrant))}`
  const groups = new Set(points.map(({ id }) => id)).size
  const whole = points.length <= limits.rows
  const named = points.map((point) => ({ ...point, name: `${point.id}, completion ${point.index}` }))
  return figure({
    id: 'advantages',
    picture: advantageScatter(
      named,
      `Learned against verifiable advantage: ${(['both_up', 'both_down', 'wrongly_up', 'wrongly_down'] as const).map(said).join(', ')}.`,
    ),
    legend:
      points.length > MAX_DOTS
        ? legend(['filled', 'stronger: more completions'])
        : legend(
            ['dot', 'same direction'],
            ['triangle', 'up against the verifier'],
            ['square', 'down against the verifier'],
            ['cross', 'one of them 0'],
          ),
    caption: html`<b>Group-relative advantages</b> of ${plural(points.length, 'completion')} in ${plural(groups, 'group')}, as GRPO takes them, once from the verifiable reward and once from the learned score. ${advantagesAre} Of the ${count(points.length - of('undecided'))} where neither is 0, ${count(of('wrongly_up'))} would be pushed up though the verifier puts them below their group, ${count(of('wrongly_down'))} held down though it puts them above. ${plural(of('undecided'), 'completion')} with an advantage of 0 ${of('undecided') === 1 ? 'is' : 'are'} not among these. The verifier’s advantage is below 0 where the reward is below the mean of the group: one that fails may stand above it, if the others are worse.${whole ? '' : ' The data here are the counts; advantages.csv has every completion.'}`,
    data: whole
      ? {
          header: ['id', 'index', 'verifier', 'learned'],
          rows: points.map(({ id, index, verifier, learned }) => [id, index, verifier, learned]),
        }
      : {
          header: ['quadrant', 'completions'],
          rows: Object.entries(QUADRANT_NAMES).map(([quadrant, name]) => [name, of(quadrant as Quadrant)]),
        },
  })
}

const SHOWN = 10

/** The completions that the learned score pushes up most, of those that the verifier fails: what a policy would learn to write. */
function pushedUp({ findings, advantages: points }: GroupsReport): Markup {
  const wrong = points.filter((point) => quadrantOf(point) === 'wrongly_up').sort((a, b) => b.learned - a.learned)
  if (wrong.length === 0) return EMPTY
  const places = new Map(findings.map(({ group }) => [group.id, group]))
  const row = ({ id, index, learned, verifier }: AdvantageRecord): Markup => {
    const group = places.get(id)
    const completion = group?.completions.find((c) => c.index === index)
    return html`<tr><th scope="row"><a href="${rowsHref('groups', { open: rowKey(id) })}">${id}</a></th>${numberCell(count(index))}<td>${subsetName(group?.subset ?? '')}</td>${numberCell(decimal(learned))}${numberCell(decimal(verifier))}<td>${completion === undefined ? '–' : verdictWord(completion)}</td></tr>\n`
  }
  return html`<div class="scroll"><table>
<caption>${wrong.length > SHOWN ? `The first ${SHOWN} of ${plural(wrong.length, 'completion')}` : plural(wrong.length, 'completion')} pushed up against the verifier, the hardest first: what a policy trained on this score would learn to write. Completions are counted from 0, as in the CSV files.</caption>
<thead><tr><th scope="col">Group</th><th scope="col" class="num">Completion</th><th scope="col">Subset</th><th scope="col" class="num">Learned advantage</th><th scope="col" class="num">Verifiable advantage</th><th scope="col">Verdict</th></tr></thead>
<tbody>${wrong.slice(0, SHOWN).map(row)}</tbody></table></div>
`
}

/** What a reward makes of a group: the names of agreement.csv, on the page, and in the bar. */
const PARTS = [
  ['', 'an advantage', 'blue'],
  ['_all_right', 'all right', 'green'],
  ['_all_wrong', 'all wrong', 'orange'],
  ['_constant', 'all equal', 'grey'],
  ['_too_few', 'one reward', 'none'],
] as const
const REWARDS = [
  ['verifier', 'verifiable reward'],
  ['learned', 'learned score'],
  ['mix', 'mix of the two'],
] as const

interface RewardBar extends ShareBar {
  readonly parts: readonly SharePart[]
  /** Groups without an advantage, and all that have the reward. */
  readonly zero: number
  readonly all: number
  readonly interval: string
}

/** By the verdicts alone, without the format: counted here, as groups.csv has it. */
function accuracyBar({ findings }: GroupsReport): RewardBar {
  const found = findings.map(({ group }) => verdictsOf(group))
  const of = (word: Verdicts): number => found.filter((one) => one === word).length
  const parts = [of('mixed'), of('all right'), of('all wrong'), of('all equal')].map((n, i) => part(i, n))
  return {
    name: 'accuracy alone',
    parts,
    zero: of('all right') + of('all wrong') + of('all equal'),
    all: findings.length - of('none'),
    interval: '',
  }
}

const part = (i: number, n: number): SharePart => ({ name: PARTS[i]![1], colour: PARTS[i]![2], n })

/** By one reward: the shares of agreement.csv. */
function rewardBar(own: readonly Statistic[], source: string, name: string): RewardBar | null {
  const of = (part: string): Statistic | undefined =>
    own.find(({ subset, statistic }) => subset === ALL && statistic === `zero_advantage${part}_${source}`)
  const zero = of('')
  if (zero === undefined || zero.value === null) return null
  const share = (word: string): number => (word === '' ? 1 - zero.value! : (of(word)?.value ?? 0))
  return {
    name,
    parts: PARTS.map(([word], i) => part(i, Math.round(share(word) * zero.n))),
    zero: Math.round(zero.value * zero.n),
    all: zero.n,
    interval: zero.ciLow === null ? '' : ` ${percentInterval(zero.ciLow, zero.ciHigh)}`,
  }
}

/** How many groups teach a policy nothing, and why, by each reward. */
function signals(report: GroupsReport, own: readonly Statistic[]): Markup {
  const rewards = REWARDS.map(([source, name]) => rewardBar(own, source, name)).filter((bar) => bar !== null)
  const bars = [accuracyBar(report), ...rewards].filter(({ all }) => all > 0)
  const [first] = bars
  if (first === undefined) return EMPTY
  const filled = ({ n }: SharePart): boolean => n > 0
  const said = bars.map(
    (bar) =>
      `${bar.name}: ${bar.parts
        .filter(filled)
        .map(({ name, n }) => `${name} ${n}`)
        .join(', ')}`,
  )
  const share = ({ name, zero, all, interval }: RewardBar): string =>
    `by the ${name} in ${count(zero)} of ${plural(all, 'group')} (${percent(zero / all)}${interval})`
  const of = (name: string): string => count(first.parts.find((one) => one.name === name)?.n ?? 0)
  return figure({
    id: 'zero-advantage',
    picture: shareBars(bars, `Groups by what they teach. ${said.join('; ')}.`),
    legend: legend(
      ...PARTS.filter(([, word]) =>
        bars.some(({ parts }) => parts.some((one) => one.name === word && filled(one))),
      ).map(([, word, colour]) => [`part-${colour}`, word] as const),
    ),
    caption: html`<b>Groups without an advantage.</b> Where no advantage of a group differs from 0, nothing in it is pushed up or held down. That is so ${bars.map(share).join(', ')}. By the first, ${of('all right')} are all right, too easy, and ${of('all wrong')} all wrong, too hard. Groups without the reward are left out.`,
    data: {
      header: ['reward', 'groups_with', 'n'],
      rows: bars.flatMap(({ name, parts }) => parts.map((one) => [name, one.name, one.n])),
    },
  })
}

function tables(own: readonly Statistic[], limits: Limits): Markup {
  const overall = own.filter(({ subset }) => subset === ALL)
  const simulated = ({ scope }: Statistic): boolean => scope === 'curriculum'
  return html`${statisticTable(
    overall.filter((line) => !simulated(line)),
    html`Advantages, over all groups. An absent value gives its reason.`,
  )}${statisticTable(
    overall.filter(simulated),
    html`A curriculum that keeps the groups with an advantage, simulated over the recorded completions; run.json has what that takes for granted, curriculum.csv its steps.`,
  )}${foldedTable(
    own.filter(({ subset }) => subset !== ALL),
    'The same by subset',
    limits.tableRows,
    ofSubset,
  )}`
}

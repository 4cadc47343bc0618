import { firstWhere, linesWhere } from '../../../statistic-lines.ts'
import type { ScoredPair, Statistic } from '../../../types.ts'
import { type IntervalDot, intervalDots } from '../../plots/interval-dots.ts'
import { figure } from '../figure.ts'
import { heuristicText } from '../heuristic-names.ts'
import type { AccuracySummary, ReportInput } from '../input.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, interval, measured, percent, percentInterval, plural, points } from '../numbers.ts'
import { absent, type Section } from '../section.ts'
import { ALL, MIN_PROMPTS, whyNoInterval } from '../statistic-table.ts'
import { byFault, headlineStratum } from './faults.ts'

/** The numbers that the run is about: accuracy where both answers are well-formed, on all pairs, by why the rejected is wrong, beside baselines. */
export function headline(input: ReportInput): Section {
  const { accuracy } = input
  const body =
    accuracy === null || accuracy.overall.half === null
      ? html`${invarianceTiles(input) ?? withoutAccuracy(input)}${stepTiles(input)}${groupTiles(input)}${verdictTiles(input)}${byFault(input)}`
      : html`${leadTiles(accuracy, input)}${byFault(input)}${againstBaselines(accuracy, input)}${groupTiles(input)}`
  return { id: 'headline', title: 'Result', body }
}

const tile = (value: string, unit: string, what: Markup): Markup =>
  html`<div class="tile"><p class="value">${value}${unit !== '' && html`<small>${unit}</small>`}</p><p>${what}</p></div>
`

/** A share of agreement.csv over all rows. */
const statisticOf = ({ statistics }: ReportInput, scope: string, name: string): Statistic | undefined =>
  firstWhere(statistics, (line) => line.scope === scope && line.subset === ALL && line.statistic === name)

const unitOf = (line: Statistic | undefined): string =>
  line === undefined || line.ciLow === null ? '' : percentInterval(line.ciLow, line.ciHigh)

/** Why a tile has no interval. */
function withoutInterval(line: Statistic | undefined): string {
  const why = line === undefined ? null : whyNoInterval(line)
  return why === null ? '' : ` No interval: ${why}.`
}

function leadTiles({ overall }: AccuracySummary, input: ReportInput): Markup {
  const interval = overall.ci.half
  const strict = overall.ties === 0 ? EMPTY : html` Strictly, a tie lost: ${percent(overall.strict)}.`
  return html`<div class="tiles">
${formedTile(input)}${tile(
  percent(overall.half),
  interval === null ? '' : percentInterval(interval.low, interval.high),
  html`<b>Accuracy, all pairs.</b> The chosen completion scores higher in this share of ${plural(overall.n, 'pair')} (${plural(overall.clusters, 'prompt')}); ${overall.ties === 0 ? 'no ties' : `${plural(overall.ties, 'tie')}, each counted ½`}.${strict}${interval === null ? withoutInterval(statisticOf(input, 'pairs', 'accuracy_half')) : ''}${oneMeasurement(input)}`,
)}${baselineTile(input)}${agreementTile(input)}</div>
`
}

/** The headline: where form tells nothing, what is left to tell apart is chemistry. */
function formedTile(input: ReportInput): Markup {
  const stratum = headlineStratum(input)
  if (stratum === null) return EMPTY
  const { half, share } = stratum
  return tile(
    percent(half.value),
    unitOf(half),
    html`<b>Accuracy, both well-formed.</b> The chosen completion scores higher in this share of the ${plural(half.n, 'pair')} (${plural(half.clusters, 'prompt')}${share === null ? '' : `; ${percent(share.value)} of all pairs`}) in which both answers are in the format and RDKit reads them: what is left to tell apart is chemistry.${few(half)}${withoutInterval(half)}`,
  )
}
const few = ({ clusters }: Statistic): string =>
  clusters < MIN_PROMPTS ? ` Fewer than ${MIN_PROMPTS} prompts, which carry no conclusion.` : ''

/** What the verifier says of the pairs that it decides. */
function preferences({ pairs }: ReportInput) {
  const of = (word: ScoredPair['verifiableOutcome']): number =>
    pairs.filter(({ verifiableOutcome }) => verifiableOutcome === word).length
  return { chosen: of('win'), rejected: of('loss'), ties: of('tie'), undecided: of(null) }
}

/** Where the verifier can only say what the label says, agreement is accuracy, and stands here in a sentence. */
function oneMeasurement(input: ReportInput): string {
  const { chosen, rejected, ties, undecided } = preferences(input)
  if (chosen === 0 || rejected > 0) return ''
  const others = [
    ...(ties === 0 ? [] : [plural(ties, 'tie')]),
    ...(undecided === 0 ? [] : [`${count(undecided)} without a verdict`]),
  ]
  const even = input.pairs.filter((p) => p.outcome === 'tie' && p.verifiableOutcome === 'win').length
  const apart = even === 0 ? '' : `, but that agreement leaves out ${plural(even, 'tie')} of the model`
  const every = chosen === 1 ? 'the only pair' : `all ${plural(chosen, 'pair')}`
  return others.length === 0
    ? ` The verifier prefers the chosen one in ${every}: accuracy and agreement are one measurement${apart}.`
    : ` The verifier prefers the chosen one in ${every} that it decides (${others.join(', ')}): on them accuracy and agreement are one measurement${apart}.`
}

function baselineTile(input: ReportInput): Markup {
  const best = baselinesOf(input).reduce<BaselineDot | null>(
    (top, next) => (next.value !== null && next.value > (top?.value ?? -1) ? next : top),
    null,
  )
  if (best === null) return EMPTY
  const line = statisticOf(input, best.scope, 'accuracy_half')
  return tile(
    percent(best.value),
    unitOf(line),
    html`<b>Best baseline.</b> “${best.name}” ${knows(best.name)} and reaches this ${onPairs([best], input)}.${leadOver(
      statisticOf(input, best.scope, 'model_minus_null'),
    )}${withoutInterval(line)}`,
  )
}

/** What a baseline knows: parsing is RDKit's check of valences and aromaticity. */
const PARSING = 'smiles parses'
const knows = (name: string): string =>
  name === PARSING ? 'knows RDKit’s valence and aromaticity check alone' : 'knows no chemistry'

/** On which pairs some baselines were judged: the model's own, unless one has no score for some of them. */
function onPairs(baselines: readonly BaselineDot[], { accuracy }: ReportInput): string {
  const { n: scored, missing } = accuracy!.overall
  const fewer = baselines.filter(({ n }) => n !== scored)
  const all = `${count(scored)} of ${plural(scored + missing, 'pair')} that the model scored`
  const same = missing === 0 ? 'on the same pairs' : `on the ${all}`
  if (fewer.length === 0) return same
  if (baselines.length === 1)
    return `on ${count(fewer[0]!.n ?? 0)} of the ${plural(scored, 'pair')} that the model scored`
  return `${same}, but ${fewer.map(({ name, n }) => `“${name}” on ${count(n ?? 0)} of them`).join(', ')}`
}

/** How much better the model is than a baseline, from the same resamples; no more than the interval says. */
function leadOver(lead: Statistic | undefined): string {
  if (lead === undefined || lead.value === null) return ''
  const { value, ciLow, ciHigh, clusters } = lead
  if (clusters < MIN_PROMPTS)
    return ` With ${plural(clusters, 'prompt')}, fewer than ${MIN_PROMPTS}, the model is not held against it.`
  const interval = ciLow === null || ciHigh === null ? '' : ` [${points(ciLow)}, ${points(ciHigh)}]`
  if (ciLow !== null && ciHigh !== null && ciLow <= 0 && ciHigh >= 0)
    return ` The model is not distinguishable from it: ${value > 0 ? '+' : ''}${points(value)} points${interval}.`
  if (value === 0) return ` The model is level with it: 0 points${interval}.`
  if (value > 0) return ` The model is ${points(value)} points above it${interval}.`
  return ` The model is ${points(-value)} points below it: ${points(value)}${interval}.`
}

/** Only where the verifier can disagree with the label; else accuracy says it. */
function agreementTile(input: ReportInput): Markup {
  const { chosen, rejected } = preferences(input)
  if (chosen > 0 && rejected === 0) return EMPTY
  const decided = input.pairs.filter((pair) => pair.agree !== null)
  if (decided.length === 0) return tile('–', '', html`<b>Agreement.</b> No pair where both model and verifier decide.`)
  const agreeing = decided.filter((pair) => pair.agree === 1).length
  const rate = statisticOf(input, 'pairs', 'agreement_rate')
  return tile(
    percent(agreeing / decided.length),
    unitOf(rate),
    html`<b>Agreement.</b> Model and verifiable reward prefer the same completion in ${count(agreeing)} of ${plural(decided.length, 'pair')} where both decide; the verifier prefers the rejected one in ${count(rejected)} of ${plural(chosen + rejected, 'pair')}.${withoutInterval(rate)}`,
  )
}

type BaselineDot = IntervalDot & { readonly scope: string }

/** Baselines of agreement.csv: scorers that know no chemistry, on the pairs that the model scored. */
const baselinesOf = ({ statistics }: ReportInput): readonly BaselineDot[] =>
  Array.from(
    linesWhere(
      statistics,
      ({ scope, subset, statistic }) => scope.startsWith('null:') && subset === ALL && statistic === 'accuracy_half',
    ),
    ({ scope, value, ciLow, ciHigh, n }) => ({
      scope,
      name: scope.slice(5).replaceAll('_', ' '),
      value,
      low: ciLow,
      high: ciHigh,
      n,
      emphasis: false,
    }),
  )

function againstBaselines({ overall }: AccuracySummary, input: ReportInput): Markup {
  const baselines = baselinesOf(input)
  const own: IntervalDot = {
    name: input.run.model,
    value: overall.half,
    low: overall.ci.half?.low ?? null,
    high: overall.ci.half?.high ?? null,
    n: overall.n,
    emphasis: true,
  }
  const dots = [own, ...baselines]
  const method = overall.ci.method
  return figure({
    id: 'accuracy-against-baselines',
    picture: intervalDots(
      dots,
      `Accuracy with intervals: ${dots.map((dot) => `${dot.name} ${percent(dot.value)}`).join(', ')}.`,
    ),
    caption: html`<b>Accuracy on all pairs against baselines</b>, scorers that know no chemistry${baselines.some(({ name }) => name === PARSING) ? ` (“${PARSING}” knows RDKit’s valence and aromaticity check)` : ''}. ${
      baselines.length === 0 ? 'The run gave no baselines.' : `Hollow: baselines ${onPairs(baselines, input)}.`
    } Bars are 95% intervals${method === null ? '' : ` (of the model: ${method})`}; the dashed line is a coin.`,
    data: {
      header: ['scorer', 'accuracy', 'ci_low', 'ci_high', 'n'],
      rows: dots.map((dot) => [dot.name, dot.value, dot.low, dot.high, dot.n]),
    },
  })
}

/** Completions without a score by reason. @example 'too long: 16 of 16 completions' */
function whyUnscored(completions: ReportInput['completions']): string {
  const reasons = new Map<string, number>()
  for (const { scoreReason } of completions)
    if (scoreReason !== null) reasons.set(scoreReason, (reasons.get(scoreReason) ?? 0) + 1)
  const list = [...reasons].map(([reason, n]) => `${reason.replaceAll('_', ' ')}: ${count(n)}`)
  return `${list.join(', ')} of ${plural(completions.length, 'completion')}`
}

function withoutAccuracy({ pairs, completions, accuracy, steps }: ReportInput): Markup {
  if (steps !== undefined) return EMPTY
  if (completions.length === 0) return absent('No row of the run could be used; the failures are listed below.')
  if (pairs.length === 0)
    return absent(
      'No accuracy: the data holds no pairs, its completions stand alone or in groups. Chapters on pairs (accuracy by subset, length, strata) are left out.',
    )
  if (completions.every(({ scoreReason }) => scoreReason === 'no_model'))
    return absent('No accuracy: the run has no model, only verifiable rewards.')
  if (accuracy === null)
    return absent(
      `No accuracy: the model scored both sides of none of ${plural(pairs.length, 'pair')} (${whyUnscored(completions)}).`,
    )
  return absent(
    `No accuracy: none of ${plural(pairs.length, 'pair')} has a margin (${accuracy.overall.reason ?? 'not scored'}).`,
  )
}

const isOfTwins = ({ statistics }: ReportInput): boolean =>
  firstWhere(statistics, ({ scope }) => scope === 'invariance') !== undefined

/** Of a run on answers written in several ways: does the order hold, how far does the writing move the score, is the molecule read? */
function invarianceTiles(input: ReportInput): Markup | null {
  const flips = statisticOf(input, 'invariance', 'flip_rate')
  const spread = statisticOf(input, 'invariance', 'spread_over_margin')
  const below = statisticOf(input, 'invariance', 'ranked_below_original')
  const shown = [
    ...(flips?.value == null
      ? []
      : [
          tile(
            percent(flips.value),
            unitOf(flips),
            html`<b>Flips.</b> Orders to wrong answers that turn though the chemistry is the same; 0 for a score of chemistry alone. ${plural(flips.n, 'twin')}.${withoutInterval(flips)}`,
          ),
        ]),
    ...(spread?.value == null
      ? []
      : [
          tile(
            measured(spread.value),
            spread.ciLow === null || spread.ciHigh === null ? '' : interval(spread.ciLow, spread.ciHigh),
            html`<b>Spread over margin.</b> How far the writing moves the score, as a multiple of what separates right from wrong. ${plural(spread.n, 'group')}.${withoutInterval(spread)}`,
          ),
        ]),
    ...(below?.value == null
      ? []
      : [
          tile(
            percent(below.value),
            unitOf(below),
            html`<b>Wrong molecules below.</b> Of those that the verifier ranks below the original, this share scores below it, too; half is chance. ${plural(below.n, 'completion')}.${withoutInterval(below)}`,
          ),
        ]),
  ]
  return shown.length === 0
    ? null
    : html`<div class="tiles">
${shown}</div>
`
}

/** Of a run on groups: what its score chooses, what a vote chooses, and what could be chosen. */
function groupTiles(input: ReportInput): Markup {
  // twins of one answer: what is chosen among them says nothing
  if (input.groups === undefined || isOfTwins(input)) return EMPTY
  const of = (...names: readonly string[]): Statistic | undefined =>
    names.map((name) => statisticOf(input, 'groups', name)).find((line) => line !== undefined && line.value !== null)
  const lines = [
    [
      'Highest score.',
      of('rerank'),
      'The completion that the model scores highest is right for this share of the prompts.',
    ],
    [
      'Vote.',
      of('voting_canonical', 'voting_string'),
      'The molecule (else the text) that most completions answer is right; no model is asked.',
    ],
    ['Ceiling.', of('pass_at_n'), 'Some completion is right: a perfect score would reach this.'],
  ] as const
  const shown = lines.flatMap(([name, line, what]) => (line === undefined ? [] : [{ name, line, what }]))
  if (shown.length === 0) return EMPTY
  return html`<div class="tiles">
${shown.map(({ name, line, what }) => tile(percent(line.value), unitOf(line), html`<b>${name}</b> ${what} ${plural(line.n, 'group')}.${withoutInterval(line)}`))}</div>
`
}

/** Of labelled steps: what a process reward model is worth, beside what calling every step right would be. */
const LABELLED_TILES = [
  [
    'step_accuracy',
    'Steps judged right',
    'The probability is on the right side of ½, by the label, for this share of',
    'step',
  ],
  ['pass_rate', 'Steps labelled right', 'Who calls every step right is right for this share of', 'step'],
  [
    'process_bench_f1',
    'ProcessBench’s F1',
    'Harmonic mean of first wrong steps found and of right answers without one called wrong:',
    'row',
  ],
] as const

/** Of a run on steps: what its first heuristic chooses, a draw, what its rewards say of labelled steps, and what the claims come to. */
function stepTiles(input: ReportInput): Markup {
  const { steps } = input
  if (steps === undefined) return EMPTY
  const [first] = steps.heuristics
  const line = first === undefined ? undefined : statisticOf(input, 'steps', `choice_accuracy_${first}`)
  const chance = statisticOf(input, 'steps', 'choice_chance')
  const tallies = steps.tally === null ? [] : [steps.tally.steps, steps.tally.candidates]
  const of = (word: 'pass' | 'fail' | 'unverifiable'): number => tallies.reduce((n, tally) => n + tally[word], 0)
  return html`<div class="tiles">
${
  line === undefined
    ? EMPTY
    : tile(
        percent(line.value),
        unitOf(line),
        html`<b>Choice accuracy.</b> ${heuristicText(first!)} chooses a right candidate in this share of ${plural(line.n, 'row')}.${line.value === null ? ` Absent: ${(line.reason ?? 'not judged').replaceAll('_', ' ')}.` : ''}${withoutInterval(line)}`,
      )
}${
  chance === undefined || chance.value === null
    ? EMPTY
    : tile(
        percent(chance.value),
        '',
        html`<b>A draw.</b> The mean share of right candidates in ${plural(chance.n, 'row')}.`,
      )
}${LABELLED_TILES.map(([name, title, what, unit]) => {
  const found = statisticOf(input, 'steps', name)
  return found === undefined || found.value === null
    ? EMPTY
    : tile(
        percent(found.value),
        unitOf(found),
        html`<b>${title}.</b> ${what} ${plural(found.n, unit)}.${withoutInterval(found)}`,
      )
})}${
  steps.tally === null
    ? EMPTY
    : tile(
        count(of('fail')),
        `of ${count(of('fail') + of('pass'))}`,
        html`<b>Steps that fail.</b> Of those with a claim that RDKit could decide; ${count(of('unverifiable'))} more have none.`,
      )
}</div>
`
}

const UNVERIFIABLE_BY = [
  ['target', 'by the target'],
  ['oracle', 'by an oracle'],
  ['answer', 'by the answer (what RDKit gives up on)'],
  ['verifier', 'by the verifier'],
] as const

/** Who is at fault for what has no verdict; those without a solution have nobody. */
function whyUnverifiable(completions: ReportInput['completions']): string {
  const those = completions.filter(({ verifiableStatus }) => verifiableStatus === 'unverifiable')
  const of = (cause: string | undefined): number => those.filter(({ verdictCause }) => verdictCause === cause).length
  const bare = those.filter(({ verdictCause }) => verdictCause == null).length
  const words = UNVERIFIABLE_BY.flatMap(([cause, by]) => (of(cause) === 0 ? [] : [`${count(of(cause))} ${by}`]))
  if (words.length === 0) return 'No target'
  return [...words, ...(bare === 0 ? [] : [`${count(bare)} without a target`])].join(', ')
}

function verdictTiles({ completions }: ReportInput): Markup {
  if (completions.length === 0) return EMPTY
  const of = (...statuses: readonly string[]): number =>
    completions.filter((completion) => statuses.includes(completion.verifiableStatus)).length
  const verified = of('pass', 'partial', 'fail')
  return html`<div class="tiles">
${tile(
  verified === 0 ? '–' : percent(of('pass') / verified),
  verified === 0 ? '' : `${count(of('pass'))} / ${count(verified)}`,
  html`<b>Pass.</b> Completions whose verifiable reward is 1, of those that could be verified.`,
)}
${tile(count(of('unverifiable')), `of ${count(completions.length)}`, html`<b>Unverifiable.</b> ${whyUnverifiable(completions)}; never counted as a fail.`)}
</div>
`
}

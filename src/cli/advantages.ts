import { join } from 'node:path'
import { advantageStatistics } from '../agreement/advantage-statistics.ts'
import type { AdvantagePoint } from '../agreement/advantages.ts'
import { CURRICULUM_ASSUMPTIONS } from '../agreement/codebook/advantages.ts'
import {
  CURRICULUM_COLUMNS,
  CURRICULUM_KEYS,
  CurriculumSum,
  curriculumCells,
  curriculumChoice,
  curriculumProblems,
  curriculumRows,
} from '../agreement/curriculum.ts'
import {
  ADVANTAGE_COLUMNS,
  advantageCells,
  advantagePoints,
  type GrpoSettings,
  grpoAdvantages,
  REWARD_SOURCES,
} from '../agreement/grpo.ts'
import { isFailure } from '../pairs/failure.ts'
import { writeCsv } from '../report/csv.ts'
import { verdictsOf } from '../report/html/group-verdicts.ts'
import { writeWhole } from '../report/manifest.ts'
import { percent } from '../report/table.ts'
import type { RunConfig } from '../setup/config.ts'
import { rewardWeightsOf } from '../setup/options.ts'
import type { CompletionGroup, Row, RowFailure, Statistic } from '../types.ts'

export interface AdvantagesInput {
  readonly folder: string
  readonly config: RunConfig
  /** Every group of the run, in the order of the data. */
  readonly groups: readonly CompletionGroup[]
  /** The rows once more: a trainer needs prompts and solutions as the data have them. */
  readonly rows: () => AsyncIterable<Row | RowFailure>
  /** Whether a model scored. */
  readonly learned: boolean
}

/** What GRPO would make of the run's groups. */
export interface AdvantagesOfRun {
  /** Scopes `advantages` and `curriculum` of agreement.csv. */
  readonly statistics: readonly Statistic[]
  /** Columns by file, for the code book. */
  readonly columns: Readonly<Record<string, readonly string[]>>
  /** For run.json. */
  readonly record: Readonly<Record<string, unknown>>
  /** For the screen. */
  readonly lines: readonly string[]
  /** For the report, worked out when asked for. */
  readonly points: readonly AdvantagePoint[]
}

/** Writes advantages.csv, curriculum.jsonl and curriculum.csv; null where the run has no group. */
export async function writeAdvantages(input: AdvantagesInput): Promise<AdvantagesOfRun | null> {
  const { folder, config, groups, learned } = input
  if (groups.length === 0) return null
  const grpo = settingsOf(config)
  await writeCsv(join(folder, 'advantages.csv'), ADVANTAGE_COLUMNS, cells(groups, grpo))
  await writeWhole(join(folder, 'curriculum.jsonl'), choices(input, grpo))
  const { seed, resamples } = config
  const found = advantageStatistics(groups, grpo, { learned, seed, resamples })
  const simulated = config.curriculumEpochs === 0 ? [] : await simulate(input, grpo, found)
  const statistics = [...found, ...simulated]
  return {
    statistics,
    columns: {
      'advantages.csv': ADVANTAGE_COLUMNS,
      'curriculum.jsonl': CURRICULUM_KEYS,
      ...(simulated.length > 0 && { 'curriculum.csv': CURRICULUM_COLUMNS }),
    },
    record: {
      source: 'TRL 1.16, GRPOTrainer; std with n - 1, epsilon 1e-4, float64',
      batches: Math.ceil(groups.length / grpo.groupBatchSize),
      ...(simulated.length > 0 && { curriculum: { assumptions: CURRICULUM_ASSUMPTIONS } }),
    },
    lines: linesOf(statistics, groups, config, learned),
    get points() {
      return learned ? Array.from(advantagePoints(groups, grpo)) : []
    },
  }
}

const settingsOf = (config: RunConfig): GrpoSettings => ({
  scaleRewards: config.scaleRewards,
  multiObjectiveAggregation: config.multiObjectiveAggregation,
  rewardWeights: rewardWeightsOf(config.rewardWeights),
  groupBatchSize: config.groupBatchSize,
})

function* cells(groups: readonly CompletionGroup[], grpo: GrpoSettings) {
  for (const group of grpoAdvantages(groups, grpo)) yield* advantageCells(group)
}

/** One line of JSON per group: what a trainer needs of the row, and whether it stays. */
async function* choices({ groups, rows }: AdvantagesInput, grpo: GrpoSettings): AsyncGenerator<string> {
  const found = grpoAdvantages(groups, grpo)
  let lines = ''
  for await (const row of rows()) {
    if (isFailure(row) || row.kind !== 'group') continue
    const { id, subset, prompt, solution } = row
    const next = found.next()
    if (next.done || next.value.group.id !== id) throw new Error(`the rows changed on the way: ${row.where} is ${id}`)
    lines += `${JSON.stringify({ id, subset, prompt, solution, ...curriculumChoice(next.value) })}\n`
    if (lines.length < LINES_AT_ONCE) continue
    yield lines
    lines = ''
  }
  yield lines
}
const LINES_AT_ONCE = 1 << 20

/** Writes curriculum.csv and gives the lines of agreement.csv. */
async function simulate(
  { folder, config, groups, learned }: AdvantagesInput,
  grpo: GrpoSettings,
  found: readonly Statistic[],
): Promise<Statistic[]> {
  const { seed, groupBatchSize, numGenerations, curriculumEpochs: epochs, curriculumFraction: fraction } = config
  const options = { seed, groupBatchSize, numGenerations, epochs, fraction }
  const clusters = new Set(groups.map(({ cluster }) => cluster)).size
  const sums = (learned ? REWARD_SOURCES : (['verifier'] as const)).map((source) => ({
    source,
    sum: new CurriculumSum(),
    // a reward that nobody has would make every group trivial
    there: ofAll(found, `zero_advantage_${source}`)?.value != null,
  }))
  function* lines() {
    for (const { source, sum, there } of sums) {
      if (!there) continue
      for (const row of curriculumRows(curriculumProblems(groups, source, grpo), source, options)) {
        sum.add(row)
        yield curriculumCells(row)
      }
    }
  }
  await writeCsv(join(folder, 'curriculum.csv'), CURRICULUM_COLUMNS, lines())
  return sums.flatMap(({ source, sum }) => sum.statistics(source, clusters, seed))
}

const SHOWN = { verifier: 'verifier', learned: 'model', mix: 'mix' } as const
const ofAll = (statistics: readonly Statistic[], name: string): Statistic | undefined =>
  statistics.find(({ statistic, subset }) => statistic === name && subset === 'all')

/** The groups that differ in nothing but their format, or not at all: pass rates of 0 and 1. */
function accuracyAlone(groups: readonly CompletionGroup[]): string[] {
  const found = groups.map(verdictsOf).filter((one) => one !== 'none')
  const of = (word: string): number => found.filter((one) => one === word).length
  if (found.length === 0) return []
  return [
    `by accuracy alone, without the format: ${of('all right')} all right and ${of('all wrong')} all wrong of ${found.length} groups (pass_rate in curriculum.jsonl)`,
  ]
}

/** Two to four lines for the screen. */
function linesOf(
  statistics: readonly Statistic[],
  groups: readonly CompletionGroup[],
  config: RunConfig,
  learned: boolean,
): string[] {
  const of = (name: string): Statistic | undefined => ofAll(statistics, name)
  const share = (name: string): string => percent(of(name)?.value ?? null)
  const zero = (source: string): string =>
    `${share(`zero_advantage_${source}`)} of ${of(`zero_advantage_${source}`)?.n ?? 0}`
  const [right, wrong] = ['all_right', 'all_wrong'].map((why) => share(`zero_advantage_${why}_verifier`))
  const model = learned ? `, model ${zero('learned')}, mix ${zero('mix')}` : ''
  const [format, accuracy, score] = rewardWeightsOf(config.rewardWeights)
  const weights = learned
    ? `format, accuracy and score weigh ${format}, ${accuracy} and ${score}`
    : `format and accuracy weigh ${format} and ${accuracy}`
  const lines = [
    `groups without an advantage: verifier ${zero('verifier')} (all right ${right}, all wrong ${wrong})${model}; ${weights}`,
    // answers that are all wrong differ by their format
    ...(format === 0 ? [] : accuracyAlone(groups)),
  ]
  const signs = of('advantage_sign_agreement_learned')
  const [failing, passing] = [of('pushed_up_of_failing_learned'), of('pushed_down_of_passing_learned')]
  const found = [
    signs?.n ? `model and verifier have the same sign in ${percent(signs.value)} of ${signs.n}` : '',
    failing?.n ? `the model's is above 0 in ${percent(failing.value)} of ${failing.n} that fail` : '',
    passing?.n ? `the model's is below 0 in ${percent(passing.value)} of ${passing.n} that pass` : '',
  ].filter((part) => part !== '')
  if (found.length > 0) lines.push(`advantages: ${found.join('; ')}`)
  const source = REWARD_SOURCES.find((one) => (of(`curriculum_nontrivial_share_${one}`)?.value ?? null) !== null)
  if (source !== undefined)
    lines.push(
      `curriculum (simulated, ${SHOWN[source]}): groups with an advantage ${share(`curriculum_nontrivial_share_${source}`)}, without it ${share(`curriculum_nontrivial_share_without_${source}`)}; kept prompts in curriculum.jsonl`,
    )
  return lines
}

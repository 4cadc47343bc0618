import type { KnownModel } from '../../src/setup/known-models.ts'

// The tables that families.ts writes, as Markdown; and their places in a file.

/** What came of one golden checkpoint. */
export interface Outcome {
  readonly architecture: string
  readonly head: string
  readonly kind: 'head' | 'logProb'
  readonly cases: number
  /** Of all its numbers, the furthest from the reference, and the bound of that number. */
  readonly worst: number
  readonly bound: number
}
/** The same of a ready-made export. */
export interface ExportOutcome extends Omit<Outcome, 'architecture' | 'head'> {
  readonly name: string
  readonly dtype: string
}

const small = (value: number): string => (value === 0 ? '0' : value.toExponential(1))

/** A row per name, in the order given; names without a golden stand there with 0. */
export function familyTable(
  title: string,
  names: readonly string[],
  nameOf: (outcome: Outcome) => string,
  outcomes: readonly Outcome[],
): string {
  const cellsOf = (of: readonly Outcome[]): string[] => {
    if (of.length === 0) return ['–', '–']
    const worst = of.reduce((a, b) => (b.worst > a.worst ? b : a))
    return [small(worst.worst), small(worst.bound)]
  }
  const extra = [...new Set(outcomes.map(nameOf))].filter((name) => !names.includes(name))
  return markdown(
    [title, 'checkpoints', 'cases', 'score: worst', 'its bound', 'log-probability: worst', 'its bound'],
    [...names, ...extra].map((name) => {
      const own = outcomes.filter((outcome) => nameOf(outcome) === name)
      const cases = own.reduce((sum, outcome) => sum + outcome.cases, 0)
      const [scores, logProbs] = (['head', 'logProb'] as const).map((kind) => own.filter((one) => one.kind === kind))
      return [`\`${name}\``, `${own.length}`, `${cases}`, ...cellsOf(scores!), ...cellsOf(logProbs!)]
    }),
  )
}

export const exportTable = (outcomes: readonly ExportOutcome[]): string =>
  markdown(
    ['export', 'computes in', 'cases', 'worst', 'its bound'],
    outcomes.map(({ name, dtype, cases, worst, bound }) => [
      `\`${name}\``,
      dtype,
      `${cases}`,
      small(worst),
      small(bound),
    ]),
  )

/**
 * How many of RewardBench's configurations are of an architecture and a head that are built, and why the others are not.
 * @param configured the names in configs/eval_configs.yaml
 */
export function zooText(models: readonly KnownModel[], configured: readonly string[]): string {
  const zoo = models.filter(({ name }) => configured.includes(name))
  const counted = (command: KnownModel['command']): string => {
    const all = zoo.filter((one) => one.command === command)
    return `${all.filter(({ refused }) => refused === null).length} of ${all.length}`
  }
  const refused = zoo.filter((one) => one.refused !== null)
  const rows = [...new Set(refused.map((one) => one.refused!))].map((why) => [
    refused
      .filter((one) => one.refused === why)
      .map(({ name }) => name)
      .join(', '),
    why,
  ])
  return `Of RewardBench's own configurations, ${counted('run-rm')} reward models and ${counted('run-dpo')} DPO policies are of an architecture and a head that are built. The others:\n\n${markdown(['not run', 'why'], rows)}`
}

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    line(header),
    line(header.map((_, i) => (i > 0 && header.length > 2 ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n')
}

const begin = (name: string): string => `<!-- ${name}: written by npx tsx scripts/bench/families.ts -->`
const end = (name: string): string => `<!-- end of ${name} -->`

/** What stands between the two marks of a name. */
export function between(text: string, name: string): string {
  const [from, to] = [text.indexOf(begin(name)), text.indexOf(end(name))]
  if (from < 0 || to < from) throw new Error(`no marks ${begin(name)} … ${end(name)}`)
  return text.slice(from + begin(name).length, to).trim()
}
export const replaceBetween = (text: string, name: string, content: string): string => {
  between(text, name)
  const [from, to] = [text.indexOf(begin(name)) + begin(name).length, text.indexOf(end(name))]
  return `${text.slice(0, from)}\n${content}\n${text.slice(to)}`
}

import type { ScoredPair } from '../types.ts'

/** RewardBench's names of what was run. */
export type HermModelType = 'Seq. Classifier' | 'DPO' | 'DPO Ref. Free' | 'Custom Classifier'
export interface HermRun {
  readonly model: string
  readonly modelType: HermModelType
  readonly refModel: string | null
  readonly chatTemplate: string
}

/**
 * eval-set/<model>.json: strict accuracy by subset beside the run's names, keys sorted, as RewardBench's run_rm.py and
 * run_dpo.py write it. RewardBench counts an absent score as a loss; a subset with unscored pairs is given over the scored ones.
 */
export function hermEvalSet(pairs: readonly ScoredPair[], run: HermRun): Readonly<Record<string, string | number>> {
  const wins = new Map<string, { won: number; n: number }>()
  for (const p of pairs) {
    if (p.margin === null) continue
    const s = wins.get(p.subset) ?? { won: 0, n: 0 }
    wins.set(p.subset, { won: s.won + (p.margin > 0 ? 1 : 0), n: s.n + 1 })
  }
  const names: Record<string, string> = {
    chat_template: run.chatTemplate,
    model: run.model,
    model_type: run.modelType,
    ...(run.refModel === null ? {} : { ref_model: run.refModel }),
  }
  // A subset that is called like one of RewardBench's own keys cannot be kept: theirs wins, as there.
  const accuracies = [...wins].filter(([s]) => !Object.hasOwn(names, s)).map(([s, { won, n }]) => [s, won / n] as const)
  return sortedKeys<string | number>([...accuracies, ...Object.entries(names)])
}

/** A key of eval-set-scores/<model>.json: one text, or an array with a value of each scored pair. */
export type HermScoreKey = readonly [key: string, value: string | ((pair: ScoredPair) => unknown)]

/** The keys but for the two of texts, which stand behind all of them. */
export function hermScoreKeys(run: HermRun): readonly HermScoreKey[] {
  const isDpo = run.modelType.startsWith('DPO')
  const score = (side: 'chosen' | 'rejected') => (p: ScoredPair) => (isDpo ? p[side].score : [p[side].score])
  return [
    ['chat_template', run.chatTemplate],
    ['id', (p) => p.id],
    ['model', run.model],
    ['model_type', run.modelType],
    ...(isDpo ? [['prompt', (p) => p.prompt] satisfies HermScoreKey] : []),
    ['results', (p) => (p.margin! > 0 ? 1 : 0)],
    ['scores_chosen', score('chosen')],
    ['scores_rejected', score('rejected')],
    ['subset', (p) => p.subset],
  ]
}

/**
 * eval-set-scores/<model>.json: parallel arrays over the scored pairs. A classifier's scores are lists of one number, a DPO
 * model's plain numbers with the prompts beside them, as there; texts are the completions with their prompt.
 * @param render prompt and completion as the model saw them
 */
export function hermEvalSetScores(
  pairs: readonly ScoredPair[],
  run: HermRun,
  render: (pair: ScoredPair, side: 'chosen' | 'rejected') => string,
): Readonly<Record<string, unknown>> {
  const scored = pairs.filter((p) => p.margin !== null)
  const keys: readonly HermScoreKey[] = [
    ...hermScoreKeys(run),
    ['text_chosen', (p) => render(p, 'chosen')],
    ['text_rejected', (p) => render(p, 'rejected')],
  ]
  return Object.fromEntries(keys.map(([key, value]) => [key, typeof value === 'string' ? value : scored.map(value)]))
}

const sortedKeys = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))

/** JSON as RewardBench writes it: four spaces, sorted keys. */
export const hermJson = (value: unknown): string => `${JSON.stringify(value, null, 4)}\n`

import { packagePath } from '../package.ts'

/** Data sets that ship with the package, by the name that `--dataset` takes. */
export const BUILTIN_DATASETS: ReadonlyMap<string, { readonly title: string; readonly file: string }> = new Map([
  ['demo-pairs', { title: '300 chemistry pairs with ether0 solutions', file: 'pairs.jsonl' }],
  ['demo-prompts', { title: '50 chemistry prompts with ether0 solutions, to be completed', file: 'prompts.jsonl' }],
  ['demo-groups', { title: '60 groups of completions with ether0 solutions', file: 'groups.jsonl' }],
  ['demo-steps', { title: '28 reasonings with candidates for the next step', file: 'steps.jsonl' }],
])

/** Path of a built-in data set, or null where the name is not one. */
export function builtinDataset(name: string): string | null {
  const dataset = BUILTIN_DATASETS.get(name)
  return dataset === undefined ? null : packagePath('src/embedded/demo', dataset.file)
}

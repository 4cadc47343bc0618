import { packagePath } from '../package.ts'

/** Data sets that ship with the package, by the name that `--dataset` takes; files under src/embedded/. */
export const BUILTIN_DATASETS: ReadonlyMap<string, { readonly title: string; readonly file: string }> = new Map([
  ['demo-pairs', { title: '300 chemistry pairs with ether0 solutions', file: 'demo/pairs.jsonl' }],
  [
    'demo-prompts',
    { title: '50 chemistry prompts with ether0 solutions, to be completed', file: 'demo/prompts.jsonl' },
  ],
  ['demo-groups', { title: '60 groups of completions with ether0 solutions', file: 'demo/groups.jsonl' }],
  ['demo-steps', { title: '28 reasonings with candidates for the next step', file: 'demo/steps.jsonl' }],
  ['chem-pairs-v1', { title: '2,700 minimal pairs of chemistry, nine kinds', file: 'chem-pairs-v1/pairs.jsonl.gz' }],
  [
    'invariance',
    {
      title: '190 answers, each rewritten at equal chemistry and changed to other molecules, as groups',
      file: 'invariance/invariance.jsonl.gz',
    },
  ],
])

/** Path of a built-in data set, or null where the name is not one. */
export function builtinDataset(name: string): string | null {
  const dataset = BUILTIN_DATASETS.get(name)
  return dataset === undefined ? null : packagePath('src/embedded', dataset.file)
}

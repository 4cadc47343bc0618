/** What `chemherm <command>` runs. Each but verify-results, models and setup-cuda is also a bin of its own. */
export const COMMANDS = {
  'run-rm': 'scores chemistry pairs with a reward model, beside the verifiable rewards',
  'run-dpo': 'the same with a DPO policy and its reference',
  'run-verify': "ether0's verifiable rewards alone, no model",
  'run-process': 'chooses among candidate next steps by rationale likelihood or by a (process) reward model',
  'run-generate': 'greedy or sampled completions of a causal model, as groups that the other commands read',
  'make-pairs': 'makes preference pairs whose truth is known, and checks files of pairs',
  analyze: 'recomputes the analyses of runs and compares them',
  'submit-eval-jobs': 'turns a table of runs into jobs of Slurm or Kubernetes, and submits them',
  'serve-rewards': "serves rewards over HTTP for trainers: ether0's, and with --model a model's",
  'verify-results': "recomputes a run's files from its scores and its data, and says what differs",
  models: 'lists architectures, heads, chat templates and the models that are known by name',
  'setup-cuda': 'fetches what --device cuda needs',
} as const
export type Command = keyof typeof COMMANDS

/** How messages call it: `chemherm run-rm`, or `chemherm` where the first word is no command. */
export const nameOf = ([first]: readonly string[]): string =>
  first !== undefined && Object.hasOwn(COMMANDS, first) ? `chemherm ${first}` : 'chemherm'

const MEASURED = 'What was measured is kept; run the same command again to go on.'
/** What a signal leaves, where it ends a command between two of its steps: no file of results is ever half there. */
const KEPT: Readonly<Record<Command, string>> = {
  'run-rm': MEASURED,
  'run-dpo': MEASURED,
  'run-verify': 'No file is half written; verdicts are computed again: run the same command again.',
  'run-process': MEASURED,
  'run-generate': 'Prompts that were complete are kept; run the same command again to go on.',
  'make-pairs': 'Pairs that were written are kept; run the same command again to go on.',
  analyze: 'No file is half written; run it again.',
  'submit-eval-jobs': 'What was submitted stays submitted; submit-eval-jobs status shows it.',
  'serve-rewards': 'What was answered stays in the --store.',
  'verify-results': 'It changes nothing in the folder of a run; run it again.',
  models: 'It changes nothing.',
  'setup-cuda': 'Run it again.',
}
/** @param name how the command was called, also `chemherm run-rm`; `chemherm` alone changes nothing */
export const keptBy = (name: string): string => KEPT[name.replace(/^chemherm /, '') as Command] ?? KEPT.models

/** A command that stands as a word of its own (`models` is a word too): not a flag's name, not part of a path, not behind `chemherm` already. */
const WORD = new RegExp(
  `(?<=^|\\s)(?<!chemherm )(${Object.keys(COMMANDS)
    .filter((name) => name !== 'models')
    .join('|')})(?=$|[\\s,;.:)])(?![.]\\w)`,
  'g',
)

/**
 * Text that names commands by their short names, as whoever called `chemherm <command>` can type them.
 * @param name how this command was called
 * @example asCalled('make one with run-rm.', 'chemherm analyze') // 'make one with chemherm run-rm.'
 */
export const asCalled = (text: string, name: string): string =>
  name.startsWith('chemherm ') ? text.replace(WORD, 'chemherm $1') : text

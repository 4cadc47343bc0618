import { COMMANDS, type Command } from '../../src/cli/command.ts'
import { didYouMean } from '../../src/cli/did-you-mean.ts'
import { loadRunModel } from '../../src/cli/load-run.ts'
import { printText } from '../../src/cli/screen.ts'
import { UsageError } from '../../src/errors.ts'
import { packageVersion } from '../../src/package.ts'

/** Each command is loaded only when it is called, so that `chemherm --help` is there at once. `name`: how messages call it. */
const LOAD: Readonly<Record<Command, (argv: readonly string[], name: string) => Promise<number>>> = {
  'run-rm': async (argv, name) => (await loadRunModel())('run-rm', argv, name),
  'run-dpo': async (argv, name) => (await loadRunModel())('run-dpo', argv, name),
  'run-verify': async (argv, name) => (await import('../../src/cli/run-verify.ts')).runVerify(argv, name),
  'run-process': async (argv, name) => (await import('../../src/cli/process/run-process.ts')).runProcess(argv, name),
  'run-generate': async (argv, name) =>
    (await import('../../src/cli/generate/run-generate.ts')).runGenerate(argv, name),
  'make-pairs': async (argv, name) => (await import('../../src/cli/make/make-pairs.ts')).makePairs(argv, name),
  analyze: async (argv, name) => (await import('./analyze.ts')).analyze(argv, name),
  'submit-eval-jobs': async (argv, name) => (await import('./submit-eval-jobs.ts')).submitEvalJobs(argv, name),
  'serve-rewards': async (argv, name) => (await import('./serve-rewards.ts')).serveRewards(argv, name),
  'verify-results': async (argv, name) => (await import('./verify-results.ts')).verifyResults(argv, name),
  models: async (argv, name) => (await import('./models.ts')).models(argv, name),
  'setup-cuda': async (argv, name) => (await import('./setup-cuda.ts')).setupCuda(argv, name),
}

const HELP = `chemherm <command> [options]

Does this reward model agree with chemistry?

${Object.entries(COMMANDS)
  .map(([name, summary]) => `  chemherm ${name.padEnd(16)} ${summary}`)
  .join('\n')}

  chemherm help <command>, or chemherm <command> --help, shows a command's options; chemherm --version the version.

Each command but verify-results, models and setup-cuda is also installed under its short name: npx run-rm is npx chemherm run-rm.
`

/** A command line of `chemherm`: the command that it names, with that command's own arguments. Null: the help of chemherm itself, or its version. */
export interface Call {
  readonly command: Command | null
  readonly argv: readonly string[]
  /** What is printed where there is no command. */
  readonly text: string
}

/** @throws UsageError where the first word is no command */
export function readCall([first, ...rest]: readonly string[]): Call {
  const print = (text: string): Call => ({ command: null, argv: [], text })
  if (first === undefined || first === '--help' || first === '-h') return print(HELP)
  if (first === '--version') return print(`${packageVersion}\n`)
  if (first !== 'help') return { command: commandOf(first), argv: rest, text: '' }
  const [about, ...more] = rest
  if (about === undefined) return print(HELP)
  if (more.length > 0)
    throw new UsageError(`explains one command, not also "${more.join(' ')}"`, `help ${about}`, 'See chemherm --help.')
  return { command: commandOf(about), argv: ['--help'], text: '' }
}

function commandOf(word: string): Command {
  if (Object.hasOwn(COMMANDS, word)) return word as Command
  if (word.startsWith('-'))
    throw new UsageError(
      'stands before the command',
      word,
      'The command comes first: chemherm run-rm --model …; see chemherm --help.',
    )
  throw new UsageError(
    `"${word}" is no command`,
    'command line',
    [didYouMean(word, Object.keys(COMMANDS), 'chemherm '), `The commands are ${Object.keys(COMMANDS).join(', ')}.`]
      .filter(Boolean)
      .join(' '),
  )
}

/** The whole command; returns the exit code. */
export async function chemherm(args: readonly string[]): Promise<number> {
  const { command, argv, text } = readCall(args)
  if (command !== null) return LOAD[command](argv, `chemherm ${command}`)
  printText(text)
  return 0
}

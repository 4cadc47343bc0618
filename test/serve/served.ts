import { OPTIONS } from '../../scripts/commands/serve-rewards.ts'
import { parseArgs } from '../../src/cli/parse.ts'
import { packagePath } from '../../src/package.ts'
import { Batcher } from '../../src/serve/batcher.ts'
import type { RewardEngine } from '../../src/serve/engine.ts'
import { loadServed, type ServedModels } from '../../src/serve/models.ts'
import { type ServedConfig, servedConfig } from '../../src/serve/options.ts'
import type { LearnedScore, ScoreRequest } from '../../src/serve/request.ts'
import { readOptions } from '../../src/setup/option.ts'
import type { Runner } from '../../src/types.ts'

export const DEMO = packagePath('src/embedded/demo/demo-reward-model')
export const POLICY = packagePath('src/embedded/demo/demo-policy-dpo')
export const REFERENCE = packagePath('src/embedded/demo/demo-ref-sft')

/** What the command line says, checked as the bin does. */
export async function configOf(args: readonly string[]): Promise<ServedConfig> {
  const given = await parseArgs({ name: 'serve-rewards', summary: '', examples: [] }, OPTIONS, args)
  const served = servedConfig(readOptions(OPTIONS, given!), given!)
  if (served === null) throw new Error('no --model')
  return served
}

export interface ServedHere extends ServedModels {
  readonly runners: readonly Runner[]
  /** What was said. */
  readonly said: readonly string[]
  /** Requests that come together, their answers in order. */
  score(...asked: readonly ScoreRequest[]): Promise<readonly (readonly LearnedScore[])[]>
  /** The batcher of the last `score`. */
  batcher(): Batcher
}

/** A served model in this process, without a thread, a server or a store. */
export async function servedHere(args: readonly string[]): Promise<ServedHere> {
  const { config, given } = await configOf(['--device', 'cpu', ...args])
  const said: string[] = []
  const served = await loadServed(config, given, (line) => void said.push(line))
  const runners = await served.open()
  let last: Batcher
  return {
    ...served,
    runners,
    said,
    batcher: () => last,
    async score(...asked) {
      const answers: (readonly LearnedScore[])[] = []
      last = new Batcher({
        ...served,
        runners,
        store: null,
        clock: () => performance.now(),
        onDone: (request, scores) => {
          answers[request] = scores
        },
        onRefused: (_, error) => {
          throw error
        },
        onTrouble: (error) => {
          throw error
        },
      })
      for (const [i, one] of asked.entries()) last.add(i, one)
      while (last.busy) await last.step()
      return answers
    },
  }
}

/** The same behind the routes' port. */
export const engineOf = ({ score, batcher }: ServedHere): RewardEngine => ({
  ready: new Promise(() => {}),
  broken: new Promise(() => {}),
  get gauges() {
    return { ...batcher().work, waitingRequests: 0, waitingTokens: 0, trouble: null }
  },
  score: async (asked) => (await score(asked))[0]!,
  close: async () => {},
})

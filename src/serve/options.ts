import { UsageError } from '../errors.ts'
import { type RunConfig, toRunConfig } from '../setup/config.ts'
import { choice, flagOf, type Given, number, type Option, section, text, type Values, whole } from '../setup/option.ts'
import { OPTIONS, type RunOption } from '../setup/options.ts'
import { changesNothing, unusedOptions } from '../setup/unused.ts'
import { DEFAULT_QUEUE } from './engine.ts'
import { MIXES, type MixRule } from './mix.ts'

/** Options of the runs that a served model has, too: one row, one meaning. */
const OF_THE_MODEL = [
  'model', 'refModel', 'refRevision', 'revision', 'tokenizer', 'chatTemplate', 'device', 'dtype', 'graph', 'onnxFile', 'head', 'pooling',
  'stepAggregate', 'stepSeparator', 'stepTokens', 'beta', 'maxLength', 'truncation', 'reasoning', 'batchTokens', 'batchSize', 'threads',
  'offline',
] as const satisfies readonly RunOption[] // biome-ignore format: three lines say it
/** Of the verifiable rewards, beside the files that the server has options for already. */
const OF_THE_VERIFIER = [
  'extraction',
  'requireReasoning',
  'soft',
  'goodMoleculeBonus',
] as const satisfies readonly RunOption[]

type Picked<K extends RunOption> = { readonly [P in K]: (typeof OPTIONS)[P] }
const picked = <K extends RunOption>(names: readonly K[]): Picked<K> =>
  Object.fromEntries(names.map((name) => [name, OPTIONS[name]])) as Picked<K>

/** Rewards of a model. */
export const REWARD_OPTIONS = {
  ...picked(OF_THE_MODEL),
  model: {
    ...OPTIONS.model,
    describe: 'Reward model, or with --ref-model a policy: hub id or folder',
    shown: 'none: chemistry alone is served',
  },
  refModel: {
    ...OPTIONS.refModel,
    describe: 'Reference of the policy: the learned reward is the implicit one',
    shown: 'none',
  },
  truncation: { ...OPTIONS.truncation, describe: 'What happens to longer texts: skip (no score), left, right' },
  ...picked(OF_THE_VERIFIER),
  ...section(
    { group: 'Rewards' },
    {
      mix: choice(MIXES, 'Reward that is answered: learned, verifiable, or sum = verifiable + λ · learned', 'learned'),
      lambda: number('λ of --mix sum', null, { shown: '1', check: finite }),
      unverifiableReward: number(
        'What counts for a completion without a verdict; --mix verifiable and sum need it',
        null,
        {
          shown: 'none',
          check: finite,
        },
      ),
      unscoredReward: number('What counts for a completion without a score (too long …)', null, {
        shown: 'none: /get_reward answers 422, /rewards null',
        check: finite,
      }),
      store: text('Folder of all results, where every request, measurement and verdict is kept', null, {
        shown: 'nothing is kept',
      }),
      queueLimit: whole([1], 'Most requests that wait for the model', DEFAULT_QUEUE.requests),
      queueTokens: whole([1], 'Most tokens that wait for the model', DEFAULT_QUEUE.tokens),
    },
  ),
}
type Asked = Values<typeof REWARD_OPTIONS>

/** What is served of a model; null where none is named. */
export interface ServedConfig {
  readonly config: RunConfig
  readonly given: Given<RunOption>
  readonly rule: MixRule
  readonly store: string | null
  /** Sentences on options that change nothing. */
  readonly unused: readonly string[]
}

/** Checks what the flags say together. @throws UsageError */
export function servedConfig(asked: Asked, given: Given): ServedConfig | null {
  const named = (name: string): boolean => given[name] !== undefined
  if (asked.model === null) {
    const lost = Object.keys(REWARD_OPTIONS).filter(
      (name) => named(name) && name !== 'offline' && !(OF_THE_VERIFIER as readonly string[]).includes(name),
    )
    if (asked.refModel !== null || named('mix'))
      throw new UsageError(
        'needs --model',
        asked.refModel !== null ? '--ref-model' : '--mix',
        'Name the model to serve.',
      )
    const unused = [...lost, ...OF_THE_VERIFIER.filter(named)]
    if (unused.length > 0)
      throw new UsageError(changesNothing(unused.map(flagOf), 'there is no --model').replace(/^--/, ''), '--model')
    return null
  }
  const { mix, lambda, unverifiableReward, unscoredReward, truncation } = asked
  if (mix !== 'learned' && unverifiableReward === null)
    throw new UsageError(
      'needs --unverifiable-reward',
      `--mix ${mix}`,
      'Some completions have no verdict (no solution, an oracle without an answer): say what their reward is then, such as 0.',
    )
  if (truncation === 'error')
    throw new UsageError('is for runs, which it stops', '--truncation error', 'Choose skip, left or right.')
  const bin = asked.refModel === null ? 'run-rm' : 'run-dpo'
  const ofBin = Object.fromEntries(
    [...OF_THE_MODEL, ...OF_THE_VERIFIER].filter(named).map((name) => [name, given[name]]),
  ) as Given<RunOption>
  for (const name of Object.keys(ofBin)) {
    const { bins = [] } = OPTIONS[name as RunOption] as Option
    if (!bins.includes(bin))
      throw new UsageError(
        bin === 'run-dpo'
          ? 'is for reward models, and --ref-model is given'
          : 'is for a policy and its reference (--ref-model)',
        `--${flagOf(name)}`,
      )
  }
  const config = toRunConfig(bin, ofBin)
  const unused = [
    ...unusedOptions(config, ofBin),
    ...(mix !== 'sum' && named('lambda') ? [changesNothing(['lambda'], `--mix is ${mix}`)] : []),
    ...(mix === 'verifiable' && named('unscoredReward')
      ? [changesNothing(['unscored-reward'], 'with --mix verifiable it stands in extra_logs of /get_reward alone')]
      : []),
  ]
  return {
    config,
    given: ofBin,
    rule: { mix, lambda: lambda ?? 1, unverifiableReward, unscoredReward },
    store: asked.store,
    unused,
  }
}

/** Beyond it a trainer's float32 has no number for the reward. */
const LARGEST = 1e30
function finite(value: number, flag: string): void {
  if (!Number.isFinite(value)) throw new UsageError(`${value} is not a finite number`, flag)
  if (Math.abs(value) > LARGEST) throw new UsageError(`${value} is not between −${LARGEST} and ${LARGEST}`, flag)
}

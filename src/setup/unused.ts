import { resolveKind } from '../chem/oracles/options.ts'
import { given as present } from '../given.ts'
import type { ResolvedDevice } from '../model/device.ts'
import { isReadyMade } from '../model/ready-made/open.ts'
import type { RunConfig } from './config.ts'
import type { LoadedModel } from './models.ts'
import { flagOf, type Given } from './option.ts'
import { GRPO, type RunOption, rewardWeightsOf, VERIFICATION } from './options.ts'

/** Options of the verifiable rewards, whatever the data. */
const { verify: _, ...RULES } = VERIFICATION
const OF_GROUPS = Object.keys(GRPO) as (keyof typeof GRPO)[]
const OF_VERIFICATION = Object.keys(RULES) as (keyof typeof RULES)[]

/** A line for every option that was given and can change nothing beside the others; known before anything is opened. */
export function unusedOptions(config: RunConfig, given: Given<RunOption>): string[] {
  const { bin, models, verification } = config
  const lines: string[] = []
  const nothing = (options: readonly RunOption[], why: string): void => {
    const named = options.filter((option) => given[option] !== undefined)
    if (named.length > 0) lines.push(changesNothing(named.map(flagOf), why))
  }
  if (bin === 'run-dpo' && models.length === 1) {
    nothing(['beta'], 'without --ref-model the reward is that of the policy alone, as --ref-free-type says')
    nothing(['refRevision'], 'there is no --ref-model')
  } else if (bin === 'run-dpo')
    nothing(
      ['refFreeType'],
      'with a reference the score is the implicit reward; the policy alone is in columns of its own',
    )
  if (bin === 'run-process') unusedOfSteps(config, nothing)
  if (bin === 'run-generate' && config.temperature === 0)
    nothing(['topP', 'seed'], 'without a --temperature above 0 nothing is drawn')
  if (config.shard.count === 1) nothing(['merge'], 'without --shard i/n there is nothing to merge')
  if (config.localStore === null) nothing(['copyEvery'], 'without --local-store nothing is copied')
  else if (config.merge === 'only' && config.shard.count > 1)
    nothing(['localStore', 'copyEvery'], 'shards are merged where they are')
  if (!config.certify) nothing(['certifyReference'], 'without --certify nothing is compared with it')
  if (given.debug === true && given.limit !== undefined) nothing(['debug'], `--limit ${config.limit} is given`)
  if (given.prefSets === true && given.dataset !== undefined)
    nothing([given.dataset === config.dataset ? 'prefSets' : 'dataset'], `the data set is ${config.dataset}`)
  if (config.multiObjectiveAggregation === 'normalize_then_sum')
    nothing(['scaleRewards'], 'with --multi-objective-aggregation normalize_then_sum the last scale is the batch')
  if (config.curriculumEpochs === 0)
    nothing(['curriculumFraction', 'numGenerations'], 'with --curriculum-epochs 0 nothing is simulated')
  if (bin === 'run-verify' && given.rewardWeights !== undefined && rewardWeightsOf(config.rewardWeights)[2] !== 1)
    lines.push('--reward-weights: the third weight changes nothing here: there is no model')
  if (bin !== 'run-verify' && !verification.enabled) nothing(OF_VERIFICATION, 'with --no-verify nothing is verified')
  else {
    const kind = resolveKind(present<{ kind?: 'embedded' | 'remote' | 'none' }>({ kind: verification.oracles }))
    if (kind !== 'embedded')
      nothing(
        ['purchasableBloom'],
        kind === 'none' ? 'with --oracles none nothing is asked' : 'a server is asked (--oracles remote)',
      )
    if (verification.extraction === 'loose')
      nothing(['requireReasoning'], '--extraction loose takes any answer; the format_reward alone depends on it')
  }
  return lines
}

const OF_REWARDS = [
  'rewardModel', 'rewardRevision', 'head', 'pooling', 'stepAggregate', 'stepSeparator', 'stepTokens',
] as const satisfies readonly RunOption[] // biome-ignore format: one line says it
/** Options of whatever is measured. */
const OF_MODELS = [
  'model', 'revision', 'tokenizer', 'chatTemplate', 'device', 'dtype', 'graph', 'onnxFile', 'maxLength', 'truncation', 'batchTokens',
  'batchSize', 'threads', 'resume',
] as const satisfies readonly RunOption[] // biome-ignore format: two lines say it

const OF_LOOP = ['n', 'temperature', 'topP', 'maxNewTokens', 'maxSteps'] as const satisfies readonly RunOption[]

function unusedOfSteps(
  { heuristic, filterRationales, verifySteps, models, generate, temperature }: RunConfig,
  nothing: (options: readonly RunOption[], why: string) => void,
): void {
  if (!generate) nothing(OF_LOOP, 'without --generate no step is proposed')
  else {
    nothing(
      ['verify', 'verifyWorkers', 'resamples', ...OF_VERIFICATION],
      'with --generate nothing is judged; run-verify reads what is written',
    )
    if (temperature === 0) nothing(['topP', 'seed'], 'without a --temperature above 0 nothing is drawn')
  }
  if (verifySteps !== null) {
    const why = '--verify-steps checks what steps claim, and asks no model'
    return nothing(
      ['dataset', 'heuristic', 'layout', ...OF_REWARDS, ...OF_MODELS, 'verify', 'verifyWorkers', ...OF_VERIFICATION],
      why,
    )
  }
  if (filterRationales !== null) {
    const why = '--filter-rationales compares the likelihood of what follows a rationale, with it and without'
    return nothing(['dataset', 'heuristic', ...OF_REWARDS, 'verify', 'verifyWorkers', ...OF_VERIFICATION], why)
  }
  const rewards = OF_REWARDS.filter((option) => !generate || option !== 'stepSeparator')
  if (!heuristic.includes('reward')) nothing(rewards, 'there is no --heuristic reward')
  if (!heuristic.some((name) => name === 'world_model' || name === 'world_model_no_length'))
    nothing(['layout'], 'no heuristic reads the candidates behind a rationale')
  if (models.length === 0) nothing(OF_MODELS, '--heuristic random asks no model')
}

/** The same where texts are only compared: no model is asked. */
export const unusedOfAnnotations = (given: Given<RunOption>): string[] => {
  const named = [...OF_MODELS, 'layout' as const].filter((option) => given[option] !== undefined)
  return named.length === 0 ? [] : [changesNothing(named.map(flagOf), 'annotated texts are only compared')]
}

/** The same where no row has a solution, so that no completion has a verifiable reward. */
export function unusedWithoutSolutions({ verification }: RunConfig, given: Given<RunOption>): string[] {
  const named = OF_VERIFICATION.filter((option) => option !== 'requireReasoning' && given[option] !== undefined)
  return verification.enabled && named.length > 0 ? [changesNothing(named.map(flagOf), 'no row has a solution')] : []
}

/** The same where no row is a group. */
export function unusedWithoutGroups(given: Given<RunOption>): string[] {
  const named = OF_GROUPS.filter((option) => given[option] !== undefined)
  return named.length > 0 ? [changesNothing(named.map(flagOf), 'no row has several completions of one prompt')] : []
}

/** The same once the models are read and the device is known. */
export function unusedWithModels(
  config: RunConfig,
  given: Given<RunOption>,
  models: readonly LoadedModel[],
  { device }: ResolvedDevice,
): string[] {
  const lines = models.flatMap(({ choice, resolved, name }) => {
    const other = choice.role === 'rm' && config.models[0] !== choice ? 'rewardRevision' : 'revision'
    const option = choice.role === 'reference' ? 'refRevision' : other
    return resolved.source === 'folder' && given[option] !== undefined
      ? [changesNothing([flagOf(option)], `${choice.name === null ? `${name} is embedded` : `${name} is a folder`}`)]
      : []
  })
  const first = models.find(({ choice }) => choice.role === 'rm')
  if (first !== undefined) {
    if (config.head === 'all' && first.description.labels.length === 1)
      lines.push(changesNothing(['head'], `the model has one label, and its raw output is the score`))
    const { name, reads, steps, compares, raw = [] } = first.opened.head
    if (compares?.kind === 'marks' && given.chatTemplate !== undefined)
      lines.push(changesNothing(['chat-template'], `the head (${name}) has a format of its own`))
    const ofSteps = (['stepAggregate', 'stepSeparator'] as const).filter((option) => given[option] !== undefined)
    if (steps === undefined && ofSteps.length > 0)
      lines.push(
        changesNothing(ofSteps.map(flagOf), `the head (${name}) gives one reward of a text, not one of every step`),
      )
    if (given.rawOutputs !== undefined && raw.length === 0)
      lines.push(changesNothing(['raw-outputs'], `the head (${name}) has no outputs beside its labels`))
    if (given.pooling !== undefined && reads !== null)
      lines.push(changesNothing(['pooling'], `the head (${name}) reads by a rule of its own`))
  }
  if (given.attention !== undefined && models.some(({ opened }) => isReadyMade(opened)))
    lines.push(changesNothing(['attention'], 'a ready-made graph attends as it was exported'))
  if (given.drift !== undefined && models.every(({ opened }) => opened.dtype === 'fp32'))
    lines.push(changesNothing(['drift'], 'the model computes in fp32'))
  if (given.threads !== undefined && device !== 'cpu')
    lines.push(changesNothing(['threads'], `the model computes on ${device}`))
  return lines
}

/**
 * @param options as flags, without their dashes
 * @example changesNothing(['soft', 'oracles'], 'with --no-verify …') // '--soft and --oracles change nothing here: with --no-verify …'
 */
export function changesNothing(options: readonly string[], why: string): string {
  const names = options.map((option) => `--${option}`)
  const list = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  return `${list} ${names.length === 1 ? 'changes' : 'change'} nothing here: ${why}`
}

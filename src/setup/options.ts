import { UsageError } from '../errors.ts'
import { SCALES } from '../groups/advantages.ts'
import { AGGREGATIONS } from '../groups/multi-reward.ts'
import { ATTENTION_FORMS } from '../model/attention-forms.ts'
import { DTYPE_CHOICES } from '../model/dtype.ts'
import { typeFilter } from '../pairs/filters.ts'
import { parseShard } from '../pairs/shard.ts'
import { checkHead } from '../score/head.ts'
import { checkHeuristics, DEFAULT_HEURISTICS, type Heuristic, LAYOUTS } from '../score/process.ts'
import { STEP_AGGREGATES, stepWords } from '../score/steps.ts'
import { visibleLine } from '../visible-text.ts'
import {
  aboveZero,
  choice,
  list,
  notNegative,
  number,
  type Option,
  type OptionTable,
  section,
  text,
  toggle,
  whole,
} from './option.ts'

/**
 * Every option of the runs, once: a row here is a flag of the bins and its help, a key of `--config` and of `--print-config`, where it
 * says so an option of the library, and a value of `RunConfig`. An option is here only if it differs between two runs on one machine.
 * The sections are the parts of `RunConfig`, in the order of `--help`. A docstring is what the library's users read; their types come
 * from here, so that what this file imports must be light.
 */

const RM = ['run-rm'] as const
const DPO = ['run-dpo'] as const
const WITH_MODEL = [...RM, ...DPO] as const
const PROCESS = ['run-process'] as const
/** Of prompts and completions. */
const OF_COMPLETIONS = [...WITH_MODEL, 'run-verify'] as const
const REWARDS = [...RM, ...PROCESS] as const
const MODELS = [...WITH_MODEL, ...PROCESS] as const
const GENERATE = ['run-generate'] as const
const CONTINUES = [...GENERATE, ...PROCESS] as const
const OF_MODELS = [...MODELS, ...GENERATE] as const
const ALL = [...OF_COMPLETIONS, ...PROCESS, ...GENERATE] as const
/** Whose completions are verified. */
const VERIFIED = [...OF_COMPLETIONS, ...PROCESS] as const

/** `--force-truncation` without `--max-length`: the default of RewardBench's command. */
export const FORCED_MAX_LENGTH = 512
/** Texts that `run-generate` continues side by side; more were hardly faster on the CPU (src/generate/README.md). */
export const GENERATED_ROWS = 32
/** Each takes memory of the system before anything runs. */
const MAX_THREADS = 1024
/** Their distributions are held in memory, 8 bytes per resample and statistic. */
const MAX_RESAMPLES = 1_000_000
export const resamples = (describe: string) => whole([100, MAX_RESAMPLES], describe, 2000)
export const seed = (describe: string) => whole([0], describe, 0)

export const CHECKPOINTS = section(
  { group: 'Model', bins: MODELS },
  {
    model: text('Reward model: hub id or folder', null, {
      shown: 'the embedded demo reward model',
      in: {
        'run-dpo': { describe: 'Policy: hub id or folder', shown: 'the embedded demo policy' },
        'run-process': {
          describe: 'Causal model whose log-probabilities choose; with --heuristic reward alone, the reward model',
          shown: 'the embedded demo policy',
        },
        'run-generate': { describe: 'Causal language model: hub id or folder', shown: 'the embedded demo policy' },
      },
      bins: OF_MODELS,
    }),
    /** Hub id or folder of the reference. */
    refModel: text('Reference: hub id or folder; left out with --model = reference-free', null, {
      bins: DPO,
      library: true,
      shown: 'the embedded demo reference',
    }),
    refRevision: text('Branch, tag or commit of the reference on the hub', null, {
      bins: DPO,
      library: true,
      shown: 'main',
    }),
    /** Branch, tag or commit on the hub. Default main. */
    revision: text('Branch, tag or commit of the model on the hub', null, {
      bins: OF_MODELS,
      library: true,
      shown: 'main',
    }),
    rewardModel: text('Reward model of --heuristic reward: hub id or folder', null, {
      bins: PROCESS,
      shown: '--model, or the embedded demo reward model',
    }),
    rewardRevision: text('Branch, tag or commit of the reward model on the hub', null, {
      bins: PROCESS,
      shown: 'main',
    }),
  },
)

/** How `run-generate` continues a prompt. */
export const GENERATION = section(
  { group: 'Generation', bins: GENERATE },
  {
    /** Completions of each prompt. Default 1. */
    n: whole([1], 'Completions of each prompt', null, {
      bins: CONTINUES,
      shown: '1',
      in: { 'run-process': { describe: 'Candidates that are proposed for each step', shown: '3' } },
    }),
    /** Default 0. */
    temperature: number(
      'Divides the logits before a token is drawn; 0 = greedy, the most probable token always',
      null,
      { bins: CONTINUES, check: notBelowZero, shown: '0', in: { 'run-process': { shown: '0.7' } } },
    ),
    /** Default 1. */
    topP: number('Draw from the most probable tokens alone, as many as have this probability together, in (0, 1]', 1, {
      bins: CONTINUES,
      check: shareAboveZero,
    }),
    /** Default 512. */
    maxNewTokens: whole([1], 'Longest completion, in tokens', 512, {
      bins: CONTINUES,
      in: { 'run-process': { describe: 'Longest step, in tokens' } },
    }),
    /** Default: none. */
    stop: {
      ...list('Text that ends a completion, which is cut before it; \\n is a line break (repeatable)', {
        shown: 'none: only the tokens that end a text',
      }),
      read: stopTexts,
    },
  },
)

/** How `run-process` chooses. */
export const STEPS = section(
  { group: 'Steps', bins: PROCESS },
  {
    heuristic: {
      ...list(
        'How a candidate is chosen: world_model, world_model_no_length, trajectory, trajectory_greedy, random or reward (repeatable)',
        {
          shown: DEFAULT_HEURISTICS.join(', '),
        },
      ),
      default: DEFAULT_HEURISTICS,
      read: heuristics,
    },
    layout: choice(
      LAYOUTS,
      'Where the rationale stands in what the model reads: none, rationale-first or rationale-last (behind the steps)',
      'rationale-first',
    ),
    filterRationales: text(
      'Only say which rationales raise the likelihood of what follows: a file of rows {prompt, steps, rationale, following}, or {input, output} of annotated texts',
      null,
    ),
    generate: toggle(
      'Write reasonings: propose the next step --n times, write a rationale, choose by the heuristic, repeat; rows are prompts',
      false,
    ),
    maxSteps: whole([1], 'Most steps of a reasoning that is written', 15),
    verifySteps: text(
      'Only check what the steps claim of molecules, with RDKit and without a model: a file of rows {id, steps}, also with prompt and candidates',
      null,
    ),
  },
)

export const MODEL = section(
  { group: 'Model', bins: MODELS },
  {
    /** Hub id or folder of another tokenizer. */
    tokenizer: text('Hub id or folder of another tokenizer', null, {
      bins: OF_MODELS,
      library: true,
      shown: "the model's own",
    }),
    /** `tokenizer`, `raw`, `pair`, a built-in name or a file of Jinja. Default tokenizer. */
    chatTemplate: text('tokenizer, raw, pair (encoders), a built-in name, or a Jinja file', 'tokenizer', {
      bins: OF_MODELS,
      in: { 'run-generate': { describe: 'tokenizer, raw, a built-in name, or a Jinja file' } },
      library: true,
    }),
    /**
     * `auto`, `cpu`, `cuda`, `cuda:N` or `webgpu`; for the commands run-rm and run-dpo several (`cuda:0,cuda:1`). Default auto. CUDA's libraries must be on LD_LIBRARY_PATH, and NVIDIA_TF32_OVERRIDE=0
     * must be set (unless dtype is tf32), when node starts: the commands see to that, a library cannot. A device that is found to compute
     * otherwise is a DeviceError.
     */
    device: text('auto, cpu, cuda, cuda:N, webgpu; cuda:0,cuda:1: a process each', 'auto', {
      bins: OF_MODELS,
      in: {
        'run-generate': { describe: 'auto, cpu, cuda, cuda:N or webgpu' },
        'run-process': { describe: 'auto, cpu, cuda, cuda:N or webgpu' },
      },
      library: true,
      changes: 'last digits',
    }),
    /**
     * Default auto: fp32 on the CPU, the checkpoint's own half type on a GPU. `fp32` is never TF32; `tf32` is CUDA's, by name;
     * `q8` and `q4` keep the weights of linear layers in few bits, in a file of the user's cache.
     */
    dtype: choice(
      DTYPE_CHOICES,
      'Number format: fp32 (never TF32), tf32 (CUDA), fp16, bf16; q8, q4: weights in 8 or 4 bits',
      'auto',
      { bins: OF_MODELS, library: true },
    ),
    /** How the graph attends (src/model/README.md); `split` is the CPU's. Default: what was measured best on the device. */
    attention: choice(
      ATTENTION_FORMS,
      'How the graph attends: split (CPU), attention, prompts (flash attention on CUDA), gqa, plain',
      null,
      { bins: WITH_MODEL, library: true, shown: 'split on the CPU, attention on CUDA', changes: 'last digits' },
    ),
    /** Rows that are scored in float32, too. */
    drift: whole([0], 'Rows that are scored in fp32, too, to say what another --dtype changes; 0 = none', null, {
      bins: WITH_MODEL,
      shown: '64 with q8 and q4, else 0',
    }),
    /** `checkpoint` builds the graph from the safetensors, `onnx` runs a ready-made export. Default checkpoint where there are safetensors. */
    graph: choice(
      ['checkpoint', 'onnx'],
      'Where the graph comes from: built from the checkpoint, or a ready-made ONNX export (onnx)',
      null,
      // which one ran shows in the hashes of the weights
      { library: true, shown: 'checkpoint where there are safetensors', changes: 'no number' },
    ),
    /** Which export, by path or name. Default model.onnx, else onnx/model.onnx. */
    onnxFile: text(
      'ONNX export to run, by path or name in the model: model_quantized.onnx, onnx/model_fp16.onnx …',
      null,
      { library: true, shown: 'model.onnx, else onnx/model.onnx', changes: 'no number' },
    ),
    certify: toggle('Score the probe set first, compare with the reference, write certificate.json', false, {
      bins: WITH_MODEL,
      changes: 'no number',
    }),
    certifyReference: text('What transformers gives for the probes, a file of scripts/oracles/certify.py', null, {
      bins: WITH_MODEL,
      shown: 'certify.json beside the weights, else an embedded one',
      changes: 'no number',
    }),
    /** Label to read: its index, `softmax:K` or `all`; `letters`: a causal model that names the better of two answers. Default: the only one. */
    head: text('Label to read: 0, 1, …, softmax:K or all; letters: a causal model that names the better answer', null, {
      bins: REWARDS,
      in: { 'run-process': { describe: 'Label of the reward model to read: 0, 1, … or softmax:K' } },
      library: 'or number',
      shown: 'the single one',
      check: checkHead,
    }),
    /** Token that the head reads. Default hf. */
    pooling: choice(
      ['hf', 'mask'],
      'Token that the head reads: hf (rightmost id that is not the pad id) or mask (the last one)',
      'hf',
      { bins: REWARDS, library: true },
    ),
    /** Keep a head's further outputs as columns `head_…`. Default false. */
    rawOutputs: toggle("Keep a head's further outputs (objectives, gates, quantiles …) as columns head_…", false, {
      bins: RM,
      library: true,
    }),
    /** How the probabilities of a process reward model's steps become the score. Default min. */
    stepAggregate: choice(
      STEP_AGGREGATES,
      "Of a process reward model, how its steps' probabilities become the score",
      null,
      { bins: REWARDS, library: true, shown: 'min', in: { 'run-process': { shown: 'last' } } },
    ),
    /** What ends a step of a completion. Default: the model's own. */
    stepSeparator: {
      ...text('Of a process reward model, what ends a step of a completion, such as "\\n\\n"', null, {
        bins: REWARDS,
        in: {
          'run-process': {
            describe:
              'What ends a step: in the texts of a process reward model, and with --generate of a step that is written',
            shown: "the model's own: its marks, or a line break; with --generate a line break",
          },
        },
        library: true,
        shown: "the model's own: its marks stand in the data, or a line break",
      }),
      read: stepSeparator,
    },
    /** Reads a causal model as a process reward model: mark, right and wrong, such as `ки + -`. Default: the head that the model has. */
    stepTokens: text(
      'Read a causal model as a process reward model: mark, right and wrong, such as "ки + -"; "turns + -" where each step is a turn',
      null,
      {
        bins: REWARDS,
        library: true,
        shown: 'the head that the model has',
        check: stepWords,
      },
    ),
    /** Scale of the implicit reward. Default 0.1. */
    beta: number('Scale of the implicit reward; changes no measurement', 0.1, {
      bins: DPO,
      library: true,
      check: aboveZero,
    }),
    /** Default avg. */
    refFreeType: choice(
      ['avg', 'sum', 'norm'],
      'Reward of a policy alone, per token (avg), whole (sum) or -L2 norm (norm)',
      'avg',
      { bins: DPO, library: true },
    ),
  },
)

export const DATA = section(
  { group: 'Data', bins: ALL },
  {
    dataset: text(
      'demo-pairs, demo-groups, chem-pairs-v1, invariance, a file (.jsonl .json .csv .tsv .parquet, also .gz; .arrow), a folder, or a hub id org/name[@revision]',
      null,
      {
        shown: 'demo-pairs',
        in: {
          'run-process': {
            describe:
              'demo-steps, a file (.jsonl .json .csv .tsv .parquet, also .gz; .arrow), a folder, or a hub id org/name[@revision]',
            shown: 'demo-steps',
          },
          'run-generate': {
            describe:
              'demo-prompts, a file (.jsonl .json .csv .tsv .parquet, also .gz; .arrow) of prompts, pairs or groups, a folder, or a hub id org/name[@revision]',
            shown: 'demo-prompts',
          },
        },
      },
    ),
    split: text('Split of the data set', null, { shown: 'the only one' }),
    datasetConfig: text('Configuration of a hub data set', null, { shown: 'default' }),
  },
)

/** Named as the part of a row that they are. */
export const COLUMNS = section(
  { group: 'Data', bins: ALL },
  {
    /** Keys of the rows that are the prompt, the completions, the id and the subset. Default: prompt, chosen, rejected, id, subset. */
    promptColumn: text('Column of the prompt', null, {
      library: true,
      shown: 'prompt, else question, query, instruction (with input), input, problem',
    }),
    chosenColumn: text('Column of the preferred completion', null, {
      bins: OF_COMPLETIONS,
      library: true,
      shown: 'chosen',
    }),
    rejectedColumn: text('Column of the other completions', null, {
      bins: OF_COMPLETIONS,
      library: true,
      shown: 'rejected',
    }),
    idColumn: text('Column of the ids', null, { library: true, shown: 'id, else the number of the row' }),
    subsetColumn: text('Column of the subsets', null, { library: true, shown: 'subset, else the problem type' }),
  },
)

export const ROWS = section(
  { group: 'Data', bins: ALL },
  {
    filter: list('Problem types or subsets to keep: names, or !names to drop (repeatable), or one re:pattern alone', {
      shown: 'all',
      check: typeFilter,
    }),
    limit: whole([1], 'Use only the first N rows', null, { shown: 'all' }),
    shard: {
      ...text(
        'Do shard i of n, as i/n, about equal in tokens, rows of one prompt together; the last shard to finish merges all',
        '1/1',
        {
          bins: WITH_MODEL,
          changes: 'no number',
        },
      ),
      read: (given: unknown) => parseShard(String(given ?? '1/1')),
    },
    merge: choice(
      ['auto', 'never', 'only'],
      'Of shards: the last to finish merges all (auto), another process does (never), or nothing is measured and all n are merged (only)',
      'auto',
      { bins: WITH_MODEL, changes: 'no number' },
    ),
  },
)

export const SCORING = section(
  { group: 'Scoring', bins: MODELS },
  {
    /** Tokens. Default: the model's own maximum. */
    maxLength: whole([1], 'Longest sequence, in tokens', null, { library: true, shown: "the model's own maximum" }),
    /** Default skip, or left with hermCompat. */
    truncation: choice(
      ['skip', 'left', 'right', 'error'],
      'What happens to longer rows: skip (not scored, exit 4), left, right, error (stops first)',
      null,
      { library: true, shown: 'skip' },
    ),
    /** `strip` cuts the thought before the model sees a completion. Default keep. */
    reasoning: choice(['keep', 'strip'], 'strip cuts the thought before a model sees the completion', 'keep', {
      bins: WITH_MODEL,
      library: true,
    }),
    hermCompat: toggle('Prepare texts and tokens exactly as HERM (RewardBench) does', false, {
      bins: WITH_MODEL,
      library: true,
    }),
    /** Upper bounds of a batch: tokens, padding included, and completions. Default: by device. */
    batchTokens: whole([1], 'Upper bound of a batch, in padded tokens', null, {
      bins: OF_MODELS,
      in: {
        'run-generate': {
          describe: 'Upper bound of the cache, in tokens of all texts under way',
          shown: 'what 1 GiB holds',
        },
      },
      library: true,
      shown: 'by device',
      changes: 'last digits',
    }),
    batchSize: whole([1], 'Upper bound of a batch, in completions', null, {
      bins: OF_MODELS,
      in: {
        'run-generate': {
          describe: 'Upper bound of the texts that are continued side by side',
          shown: String(GENERATED_ROWS),
        },
      },
      library: true,
      shown: 'by device',
      changes: 'last digits',
    }),
    /** CPU threads. Default: one per core. */
    threads: whole([1, MAX_THREADS], 'CPU threads of the model', null, {
      bins: OF_MODELS,
      library: true,
      shown: 'one per core',
      changes: 'last digits',
    }),
  },
)

export const VERIFICATION = section(
  { group: 'Verifiable rewards', bins: VERIFIED },
  {
    extraction: choice(
      ['strict', 'loose'],
      'How the answer is found: strict (whole format) or loose (last <answer>)',
      'strict',
    ),
    requireReasoning: toggle('Demand thought tags', true),
    soft: toggle('Give partial credit', false),
    goodMoleculeBonus: number('Bonus λ for a right and clean molecule', 0, { check: notNegative }),
    ringsBloom: text('Ring systems, a molbloom file', null, { shown: 'embedded' }),
    fingerprintsBloom: text('Morgan environments, a molbloom file', null, { shown: 'embedded' }),
    purchasableBloom: text('Purchasable molecules, a molbloom file', null, { shown: 'embedded' }),
    oracles: choice(['embedded', 'remote', 'none'], 'embedded, remote (ETHER0_REMOTES_API_BASE_URL) or none', null, {
      shown: 'remote where its variables are set, else embedded',
    }),
    verify: toggle('--no-verify leaves the verifiable columns empty', true),
    verifyWorkers: whole([1, MAX_THREADS], 'Worker threads for verification', null, {
      shown: 'half the cores',
      changes: 'no number',
    }),
  },
)

/** What GRPO would make of the rewards of a group, and which prompts a curriculum would keep. Names of TRL's GRPOConfig where it has one. */
export const GRPO = section(
  { group: 'Groups: GRPO', bins: OF_COMPLETIONS },
  {
    rewardWeights: text(
      "Weights of the format's reward, accuracy and the model's score: three numbers, separated by commas",
      '1,1,1',
      { check: rewardWeightsOf },
    ),
    scaleRewards: choice(
      SCALES,
      "What an advantage is divided by: the group's deviation, the batch's, or nothing (none)",
      'group',
    ),
    multiObjectiveAggregation: choice(
      AGGREGATIONS,
      'Several rewards are summed, then normalised, or each is normalised in its group, then summed',
      'sum_then_normalize',
    ),
    groupBatchSize: whole([1], 'Groups of a batch, consecutive rows of the data; also of the curriculum', 16),
    curriculumFraction: number('Share of a batch that comes from the curriculum buffer, 0 to 1', 0.5, {
      check: share,
    }),
    curriculumEpochs: whole([0, 1000], 'Passes through the data that the curriculum is simulated for; 0 = not', 5),
    numGenerations: whole([2], 'Completions of a group in the simulated curriculum, drawn from the recorded ones', 4),
  },
)

export const RUN = section(
  { group: 'Run', bins: ALL },
  {
    outputDir: text('Folder of all results', 'results', {
      changes: 'no number',
      check: (path: string) => withoutNul(path, '--output-dir'),
    }),
    name: text("Name of the scorer's folder in it", null, {
      shown: 'from the model',
      in: { 'run-verify': { shown: 'verifiable' } },
      changes: 'no number',
      check: folderName,
    }),
    resume: toggle('--no-resume forgets earlier measurements of this run', true, {
      bins: OF_MODELS,
      in: { 'run-generate': { describe: '--no-resume forgets earlier completions of this run' } },
      changes: 'no number',
    }),
    localStore: text(
      'Folder on a disk of this machine where measurements are written; they are copied to --output-dir at the end, on a stop and every --copy-every minutes',
      null,
      {
        shown: 'they are written to --output-dir',
        bins: WITH_MODEL,
        changes: 'no number',
        check: (path: string) => withoutNul(path, '--local-store'),
      },
    ),
    copyEvery: number('Minutes between two copies of --local-store: a node that is lost loses at most these', 10, {
      bins: WITH_MODEL,
      changes: 'no number',
      check: aboveZero,
    }),
    seed: {
      ...seed('Seed of the bootstrap and of the simulated curriculum'),
      in: {
        'run-process': { describe: 'Seed of the bootstrap and of --heuristic random' },
        'run-generate': { describe: 'Seed of the sampled tokens' },
      },
    },
    resamples: { ...resamples('Bootstrap resamples'), bins: VERIFIED },
    /** Nothing is fetched. Default: HF_HUB_OFFLINE. */
    offline: toggle('Use only what is already in the hub cache (also HF_HUB_OFFLINE=1)', false, {
      library: true,
      changes: 'no number',
    }),
  },
)

/** What the bins read themselves: no part of a run's configuration. */
export const MODES = section(
  { group: 'Run', bins: ALL },
  {
    config: text('YAML file with these keys; flags win', null),
    dryRun: toggle('Print the plan and stop', false),
    printConfig: toggle('Print the resolved options, as a file for --config, and stop', false),
    dumpRendered: whole([1], 'Print rendered text and ids of the first N rows and stop', null, { bins: OF_MODELS }),
    explain: toggle('Print the verdicts by cause as well, each with a row that has it', false, {
      bins: ['run-verify'],
    }),
  },
)

export const SCREEN = section(
  { group: 'Run', bins: ALL, changes: 'no number' },
  {
    quiet: toggle('Only warnings and errors', false),
    logFormat: choice(['text', 'json'], 'text or json (one object per line)', 'text'),
  },
)

const accepted = (remark: string, describe = 'Accepted without effect') => toggle(describe, null, { remark })

/** The flags of RewardBench's command lines that are not ours and are taken: with a word on each, or for one or two of ours. */
export const HERM = section(
  { group: 'As in HERM (RewardBench)', bins: WITH_MODEL },
  {
    notQuantized: accepted('weights are never quantised unless --dtype q8 or q4 is given'),
    disableBeakerSave: accepted('there is no Beaker file'),
    attnImplementation: text('Accepted without effect', null, { remark: '--attention says how the graph attends' }),
    loadJson: accepted('the format of a data file is recognised by itself'),
    numGpus: whole([1], 'Accepted without effect', null, {
      remark: 'a process computes on one device: --device cuda:0,cuda:1 starts two',
    }),
    directLoad: accepted('models are always loaded directly'),
    saveAll: accepted(
      'every score is written anyway, to scores.csv and herm/eval-set-scores',
      'Accepted; every score is written anyway',
    ),
    trustRemoteCode: accepted(
      'remote code is never run; architectures and heads are built in (see the README)',
      'Accepted; remote code is never run',
    ),
    doNotSave: accepted(
      'nothing is ever uploaded; the files are written locally',
      'Accepted; nothing is ever uploaded',
    ),
    forceTruncation: toggle(
      `Same as --truncation left, with --max-length ${FORCED_MAX_LENGTH} where that is not given; of a policy nothing is cut`,
      null,
    ),
    torchDtype: choice(['float32', 'float16', 'bfloat16'], 'Same as --dtype', null),
    debug: toggle('Same as --limit 10', null),
    prefSets: toggle('Same as --dataset allenai/preference-test-sets', null),
  },
)

export const OPTIONS = {
  ...CHECKPOINTS,
  ...GENERATION,
  ...STEPS,
  ...MODEL,
  ...DATA,
  ...COLUMNS,
  ...ROWS,
  ...SCORING,
  ...VERIFICATION,
  ...GRPO,
  ...RUN,
  ...MODES,
  ...SCREEN,
  ...HERM,
}
export type RunOption = keyof typeof OPTIONS

/** What two runs that differ in an option alone differ in; null: the numbers, as far as one can tell. */
export const changesOf = (name: string): Option['changes'] | null =>
  (Object.hasOwn(OPTIONS, name) ? (OPTIONS as OptionTable)[name]!.changes : null) ?? null

/** @example rewardWeightsOf('1,0.5,2') // [1, 0.5, 2] @throws UsageError */
export function rewardWeightsOf(given: string): readonly [format: number, accuracy: number, learned: number] {
  const flag = '--reward-weights'
  const parts = given.split(',').map((part) => part.trim())
  const weights = parts.map(Number)
  const [format, accuracy, learned] = weights
  if (weights.length !== 3 || parts.includes('') || !weights.every((weight) => Number.isFinite(weight) && weight >= 0))
    throw new UsageError(
      `"${given}" is not three numbers of at least 0`,
      flag,
      "Give the weights of format, accuracy and the model's score, such as 0.1,1,0.5.",
    )
  // beyond these, squares of rewards leave float64
  if (weights.some((weight) => weight !== 0 && (weight < 1e-30 || weight > 1e30)))
    throw new UsageError(
      `"${given}" has a weight that is neither 0 nor between 1e-30 and 1e30`,
      flag,
      'Only their ratios count, beside the 1e-4 that is added to a deviation.',
    )
  if (format === 0 && accuracy === 0)
    throw new UsageError(`"${given}" leaves the verifier no reward`, flag, 'Format or accuracy needs a weight above 0.')
  return [format!, accuracy!, learned!]
}

/** `--name` is one folder of the output folder, so that runs do not land beside it or in each other. */
function withoutNul(path: string, flag: string): void {
  if (path.includes('\0')) throw new UsageError('has a NUL character, which no path may have', flag)
}

/** Of a folder, in UTF-8: file systems have 255, of which ~ and 64 hex digits may be added. */
const LONGEST_NAME_BYTES = 190
function folderName(name: string): void {
  withoutNul(name, '--name')
  if (/[/\\]/.test(name) || name === '.' || name === '..')
    throw new UsageError(`"${name}" is not the name of a folder`, '--name', 'Where results go is --output-dir.')
  if (visibleLine(name, Number.POSITIVE_INFINITY) !== name)
    throw new UsageError(
      `"${name}" has characters that act on a terminal: control characters, line ends or marks of direction`,
      '--name',
      'It is the name of a folder and stands in every table.',
    )
  const bytes = Buffer.byteLength(name)
  if (bytes > LONGEST_NAME_BYTES)
    throw new UsageError(
      `is ${bytes} bytes long, at most ${LONGEST_NAME_BYTES} are taken`,
      '--name',
      'File systems have names of up to 255 bytes; chemherm may add ~ and a hash.',
    )
}

function heuristics(given: unknown): readonly Heuristic[] {
  if (given == null) return DEFAULT_HEURISTICS
  const names = (Array.isArray(given) ? given : [given]).map(String)
  checkHeuristics(names)
  return names
}

function share(value: number, flag: string): void {
  if (!(value >= 0 && value <= 1)) throw new UsageError(`${value} is not between 0 and 1`, flag)
}

function notBelowZero(value: number, flag: string): void {
  if (!(value >= 0)) throw new UsageError(`${value} is below 0`, flag)
}

function shareAboveZero(value: number, flag: string): void {
  if (!(value > 0 && value <= 1)) throw new UsageError(`${value} is not above 0 and at most 1`, flag)
}

/** `\n` may be written as such, as in --step-separator. */
function stopTexts(given: unknown): readonly string[] {
  const texts = (given == null ? [] : Array.isArray(given) ? given : [given]).map(String)
  if (texts.includes('')) throw new UsageError('is empty', '--stop', 'Give the text that ends a completion.')
  return texts.map((text) => text.replaceAll('\\n', '\n'))
}

/** `\n` may be written as such: shells make a line break hard to give. */
function stepSeparator(given: unknown): string | null {
  if (given === '') throw new UsageError('is empty', '--step-separator', 'Give what ends a step, such as "\\n\\n".')
  return given == null ? null : String(given).replaceAll('\\n', '\n')
}

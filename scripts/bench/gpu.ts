/**
 * All that is measured on a GPU, in one command within eight minutes: parity of every family with transformers, speed beside transformers on
 * CUDA, drift of the number formats, generation, the server, and batches that do not fit. Steps stand in the order of what is most wanted; one
 * that the time left does not allow is left out, and said. Every step's output and summary.json are written to --out.
 *
 *   npm run build && npx chemherm setup-cuda && npx tsx scripts/bench/gpu.ts --python PYTHON --out DIR [--minutes 8] [--only parity,drift]
 *
 * PYTHON has torch with CUDA and transformers (their pins stand in peer-torch.py); without --python there is no peer. `--device cpu --dry` goes
 * through the same steps with small shapes, to see that they run. Needs no network.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { parse } from 'csv-parse/sync'
import { cudaEnvironment } from '../../src/model/device-env.ts'
import { packagePath } from '../../src/package.ts'

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string' },
    out: { type: 'string', default: 'gpu-results' },
    minutes: { type: 'string', default: '8' },
    device: { type: 'string', default: 'cuda' },
    only: { type: 'string' },
    dry: { type: 'boolean', default: false },
  },
})
const { device, dry } = flags
const cuda = device.startsWith('cuda')
const started = performance.now()
const secondsLeft = (): number => 60 * Number(flags.minutes) - (performance.now() - started) / 1000
mkdirSync(flags.out, { recursive: true })

type Env = Readonly<Record<string, string | undefined>>
/** What CUDA needs, for what does not see to it by itself: tests and score.ts. */
const ready: Env = { ...(cudaEnvironment(device, 'fp32') ?? process.env), CHEMHERM_TEST_DEVICE: device }

interface Ran {
  readonly code: number | null
  readonly seconds: number
  readonly output: string
}
/** Runs a command with its output in a file; ended when its time is over. */
async function ran(
  name: string,
  command: string,
  args: readonly string[],
  seconds: number,
  env: Env = process.env,
): Promise<Ran> {
  const from = performance.now()
  const child = spawn(command, args, {
    cwd: packagePath(),
    env: env as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const file = createWriteStream(join(flags.out, `${name}.log`))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      file.write(text)
    })
  const timer = setTimeout(() => child.kill('SIGKILL'), 1000 * Math.min(seconds, Math.max(1, secondsLeft())))
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  file.end()
  return { code, seconds: (performance.now() - from) / 1000, output }
}
const bin = (name: string): string => packagePath('dist/scripts', `${name}.js`)
const tsx = (script: string, args: readonly string[]): readonly string[] => [
  '--import',
  'tsx',
  packagePath('scripts/bench', script),
  ...args,
]

/** Without colours. */
const plain = (text: string): string => text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g'), '')

interface Step {
  readonly name: string
  /** Seconds that it may take, and those without which it is not begun. */
  readonly seconds: number
  readonly least: number
  run(seconds: number): Promise<Readonly<Record<string, unknown>>>
}

/** score.ts: ours in several forms beside transformers, interleaved. */
function speed(name: string, seconds: number, args: Readonly<Record<string, string>>, beside = flags.python): Step {
  const all = {
    ...args,
    device,
    ...(beside !== '' && beside !== undefined && { peer: beside }),
    ...(dry && { shape: 'tiny', pairs: '12', rounds: '2', dtype: 'fp32', stored: 'f32' }),
    json: join(flags.out, `${name}.json`),
  }
  const list = Object.entries(all).flatMap(([flag, value]) => [`--${flag}`, value])
  return {
    name,
    seconds,
    least: seconds / 2,
    async run(most) {
      const { code, output } = await ran(name, process.execPath, tsx('score.ts', list), most, ready)
      return {
        code,
        table: output.split('\n').filter((line) => /[│|]/.test(line) || /pairs of|weights|torch/.test(line)),
      }
    },
  }
}

/** The scores of a run of the demo, by id and role. */
async function demoScores(name: string, args: readonly string[], seconds: number): Promise<Map<string, number>> {
  const out = join(flags.out, name)
  const options = [
    '--limit',
    dry ? '10' : '100',
    '--no-verify',
    '--resamples',
    '100',
    '--drift',
    '0',
    '--name',
    'x',
    '--output-dir',
    out,
    '--no-resume',
  ]
  const { code } = await ran(name, process.execPath, [bin('run-rm'), ...options, ...args], seconds)
  if (code !== 0) throw new Error(`${name}: exit code ${code}, see its log`)
  const rows = parse(readFileSync(join(out, 'x/demo-pairs/scores.csv')), { columns: true }) as Record<string, string>[]
  return new Map(rows.map(({ id, role, index, score }) => [`${id} ${role} ${index}`, Number(score)]))
}
const farthest = (a: Map<string, number>, b: Map<string, number>): number =>
  Math.max(...[...a].map(([key, value]) => Math.abs(value - (b.get(key) ?? Number.NaN))))

const FORMS = 'attention,prompts,gqa'
const STEPS: readonly Step[] = [
  {
    name: 'setup',
    seconds: 30,
    least: 5,
    async run(seconds) {
      const gpu = await ran(
        'nvidia-smi',
        'nvidia-smi',
        ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'],
        10,
      ).catch(() => null)
      const { code, output } = await ran('setup', process.execPath, [bin('setup-cuda'), '--check'], seconds)
      return { code, gpu: gpu?.output.trim() ?? null, said: output.trim().split('\n').slice(-3) }
    },
  },
  {
    name: 'parity',
    seconds: 140,
    least: 40,
    async run(seconds) {
      const only = dry ? ['-t', 'llama-gqa'] : []
      const { code, output } = await ran(
        'parity',
        'npx',
        ['vitest', 'run', 'test/model/parity', ...only],
        seconds,
        ready,
      )
      return {
        code,
        tests: plain(output).match(/Tests.*$/m)?.[0] ?? null,
        failed:
          plain(output)
            .match(/FAIL.*$/gm)
            ?.slice(0, 20) ?? [],
      }
    },
  },
  speed('rm-0.5b', 60, { shape: '0.5b', stored: 'bf16', dtype: 'bf16', pairs: '360', attention: FORMS }),
  speed('dpo-0.5b', 60, {
    shape: '0.5b',
    head: 'logProb',
    stored: 'bf16',
    dtype: 'bf16',
    pairs: '180',
    attention: FORMS,
  }),
  speed('rm-8b', 110, { shape: '8b', stored: 'bf16', dtype: 'bf16', pairs: '180', attention: 'attention,prompts' }),
  {
    name: 'drift',
    seconds: 70,
    least: 30,
    async run() {
      const cpu = await demoScores('demo-cpu-fp32', ['--device', 'cpu'], 40)
      const exact = await demoScores('demo-fp32', ['--device', device, '--dtype', 'fp32'], 20)
      const found: Record<string, number | string> = { 'fp32 from the CPU': farthest(exact, cpu) }
      for (const [dtype, form] of dry
        ? ([
            ['fp32', 'prompts'],
            ['q8', 'attention'],
          ] as const)
        : ([
            ['bf16', 'attention'],
            ['bf16', 'prompts'],
            ['fp16', 'attention'],
            ['tf32', 'attention'],
            ['q8', 'attention'],
            ['q4', 'attention'],
          ] as const)) {
        const name = `${dtype} ${form}`
        found[name] = await demoScores(
          `demo-${dtype}-${form}`,
          ['--device', device, '--dtype', dtype, '--attention', form],
          20,
        )
          .then((scores) => farthest(scores, exact))
          .catch((error: unknown) => String(error))
      }
      return found
    },
  },
  {
    name: 'generation',
    seconds: 40,
    least: 15,
    async run(seconds) {
      const texts: string[][] = []
      for (const on of [device, 'cpu']) {
        const out = join(flags.out, `generate-${on}`)
        const args = [
          '--limit',
          dry ? '2' : '20',
          '--max-new-tokens',
          '40',
          '--device',
          on,
          '--dtype',
          'fp32',
          '--output-dir',
          out,
          '--name',
          'x',
          '--no-resume',
        ]
        const { code } = await ran(`generate-${on}`, process.execPath, [bin('run-generate'), ...args], seconds / 2)
        if (code !== 0) throw new Error(`run-generate on ${on}: exit code ${code}`)
        texts.push(
          readFileSync(join(out, 'x/demo-prompts/completions.jsonl'), 'utf8')
            .trim()
            .split('\n')
            .map((line) =>
              JSON.stringify(
                (JSON.parse(line) as { completion?: unknown; completions?: unknown }).completions ?? JSON.parse(line),
              ),
            ),
        )
      }
      return {
        texts: texts[0]!.length,
        'equal to the CPU': texts[0]!.filter((text, i) => text === texts[1]![i]).length,
      }
    },
  },
  { name: 'server', seconds: 30, least: 10, run: server },
  speed('rm-0.5b-8', 60, {
    shape: '0.5b',
    stored: 'bf16',
    dtype: 'bf16',
    pairs: '60',
    completions: '8',
    attention: FORMS,
  }),
  speed('rm-0.5b-fp32', 60, {
    shape: '0.5b',
    stored: 'bf16',
    dtype: 'fp32',
    pairs: '60',
    attention: 'attention,prompts',
  }),
  // a batch that no memory holds is halved: see "memory ran out" in its log
  speed(
    'halving',
    60,
    {
      shape: '8b',
      stored: 'bf16',
      dtype: 'bf16',
      pairs: '1200',
      rounds: '1',
      'batch-tokens': '1200000',
      only: 'attention',
    },
    '',
  ),
]

/** serve-rewards with the demo's reward model: the rewards of three requests. */
async function server(seconds: number): Promise<Readonly<Record<string, unknown>>> {
  const child = spawn(
    process.execPath,
    [
      bin('serve-rewards'),
      '--model',
      packagePath('src/embedded/demo/demo-reward-model'),
      '--device',
      device,
      '--port',
      '0',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const timer = setTimeout(() => child.kill('SIGKILL'), 1000 * seconds)
  const log = createWriteStream(join(flags.out, 'server.log'))
  try {
    child.stderr.pipe(log)
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve)
      child.once('exit', (code) => reject(new Error(`serve-rewards ended with exit code ${code}`)))
    })
    const answers: unknown[] = []
    for (let i = 0; i < 3; i++) {
      const from = performance.now()
      const body = JSON.stringify({
        prompt: [{ role: 'user', content: 'What is the formula of water?' }],
        completions: [`H2O ${i}`, 'CO2'],
      })
      const answer = await fetch(`${url}/rewards`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      answers.push({
        status: answer.status,
        ms: Math.round(performance.now() - from),
        body: (await answer.text()).slice(0, 200),
      })
    }
    return { answers }
  } finally {
    clearTimeout(timer)
    child.kill('SIGTERM')
  }
}

const summary: Record<string, unknown> = {}
for (const step of STEPS) {
  if (flags.only !== undefined && !flags.only.split(',').includes(step.name)) continue
  if (!cuda && step.name === 'setup') continue
  const left = secondsLeft()
  if (left < step.least) {
    summary[step.name] = `left out: ${left.toFixed(0)} s were left`
  } else {
    const from = performance.now()
    const found = await step.run(Math.min(step.seconds, left)).catch((error: unknown) => ({ error: String(error) }))
    summary[step.name] = { seconds: Math.round((performance.now() - from) / 100) / 10, ...found }
  }
  process.stdout.write(`${step.name}: ${JSON.stringify(summary[step.name], null, 1)}\n`)
  writeFileSync(join(flags.out, 'summary.json'), `${JSON.stringify(summary, null, 1)}\n`)
}

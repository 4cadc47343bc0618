/**
 * Peak memory of run-rm and run-dpo on a seeded checkpoint, beside the bytes of its weights in float32: a policy alone, and a policy with its
 * reference, which are held in turn. The tokenizer and the pairs are the demo's. Linux.
 *
 *   npm run build && npx tsx scripts/bench/peak.ts [--shape 135m] [--stored f32|bf16] [--limit 24] [--dist dist]
 */
import { spawn } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { packagePath } from '../../src/package.ts'
import { seededModel } from './seeded-model.ts'

const { values: flags } = parseArgs({
  options: {
    shape: { type: 'string', default: '135m' },
    stored: { type: 'string', default: 'f32' },
    limit: { type: 'string', default: '24' },
    dist: { type: 'string', default: packagePath('dist') },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'chemherm-peak-'))

/** The seeded model with the demo's tokenizer. @param byte written over one of the weights', so that two models differ */
function model(name: string, head: 'score' | 'logProb', byte: number): string {
  const to = join(folder, name)
  mkdirSync(to)
  cpSync(seededModel(flags.shape, head, flags.stored as 'f32' | 'bf16'), to, { recursive: true })
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'chat_template.jinja'])
    copyFileSync(packagePath('src/embedded/demo/demo-policy-dpo', file), join(to, file))
  const weights = join(to, 'model.safetensors')
  const file = openSync(weights, 'r+')
  writeSync(file, Buffer.of(byte), 0, 1, statSync(weights).size - 4)
  closeSync(file)
  return to
}

interface Peak {
  readonly peak: number
  readonly code: number | null
}
async function peakOf(bin: string, args: readonly string[]): Promise<Peak> {
  const all = [...args, '--no-verify', '--resamples', '100', '--device', 'cpu', '--limit', flags.limit]
  const child = spawn(
    process.execPath,
    [join(flags.dist, 'scripts', `${bin}.js`), ...all, '--output-dir', join(folder, 'out')],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  let peak = 0
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      peak = Math.max(peak, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
    } catch {}
  }, 20)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(timer)
  return { peak, code }
}

try {
  const [policy, reference, rm] = [
    model('policy', 'logProb', 1),
    model('reference', 'logProb', 2),
    model('rm', 'score', 1),
  ]
  const numbers = [...openCheckpoint(policy).tensors.values()].reduce(
    (sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1),
    0,
  )
  const weights = 4 * numbers
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)
  for (const [name, bin, args] of [
    ['run-rm', 'run-rm', ['--model', rm]],
    ['run-dpo, the policy alone', 'run-dpo', ['--model', policy]],
    ['run-dpo, policy and reference', 'run-dpo', ['--model', policy, '--ref-model', reference]],
  ] as const) {
    const { peak, code } = await peakOf(bin, args)
    process.stdout.write(
      `${name}: exit ${code}, peak ${mib(peak)} MiB, weights in float32 ${mib(weights)} MiB, ratio ${(peak / weights).toFixed(2)}\n`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

// npm run fuzz -- --minutes N [--seed S] [--counts FILE]: damaged inputs for everything that reads what strangers made (test/fuzz). What
// breaks goes, minimised, into test/data/fuzz; an input that ends the process or takes more than a minute, as it is. The counts are printed,
// and added to those in FILE.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    counts: { type: 'string' },
  },
})
const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
if (!(minutes > 0 && Number.isInteger(seed))) {
  console.error('npm run fuzz -- --minutes N [--seed S] [--counts FILE]')
  process.exit(2)
}
const HANG_MS = 60_000
// written once an input: where there is a folder in memory, there
const watched = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fuzz-watched-'))
const [input, counts] = ['input', 'counts.json'].map((name) => join(watched, name))
const total = values.counts !== undefined && existsSync(values.counts) ? read(values.counts) : empty()
const end = Date.now() + minutes * 60_000
let status = 0
for (let round = 0; Date.now() < end; round++) {
  const code = await run((end - Date.now()) / 60_000, seed + round * 100_000)
  if (existsSync(counts)) add(total, read(counts))
  rmSync(counts, { force: true })
  status ||= code
  if (code === 0 || code === 1) break
  keepInput(code === 'hang' ? 'hangs' : `ends the process (${code})`)
}
console.table(total.counts)
const inputs = Object.values(total.counts).reduce((sum, one) => sum + one.inputs, 0)
console.log(
  `${inputs.toLocaleString('en')} inputs, ${total.faults} faults, seed ${seed}, at most ${Math.round(total.largestMiB)} MiB`,
)
if (values.counts !== undefined) writeFileSync(values.counts, `${JSON.stringify(total, null, 1)}\n`)
rmSync(watched, { recursive: true, force: true })
process.exit(status === 0 ? 0 : 1)

/** @returns the exit code, a signal, or 'hang' */
function run(left, from) {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', 'test/fuzz/fuzz.test.ts', '--reporter=verbose', '--pool=threads'],
      {
        stdio: 'inherit',
        env: {
          ...process.env,
          ...{ CHEMHERM_FUZZ_MINUTES: String(left), CHEMHERM_FUZZ_SEED: String(from), CHEMHERM_FUZZ_WATCHED: watched },
        },
      },
    )
    const started = Date.now()
    let hangs = false
    const watch = setInterval(() => {
      const since = existsSync(input) ? statSync(input).mtimeMs : started + HANG_MS
      if (Date.now() - Math.max(since, started) < HANG_MS) return
      hangs = true
      child.kill('SIGKILL')
    }, 2000)
    child.once('exit', (code, signal) => {
      clearInterval(watch)
      resolve(hangs ? 'hang' : (code ?? signal))
    })
  })
}
function keepInput(how) {
  if (!existsSync(input)) return
  const bytes = readFileSync(input)
  const name = bytes.subarray(0, bytes.indexOf(10)).toString()
  const folder = join('test/data/fuzz', name.replaceAll(/[^\w.]+/g, '-').replace(/^-/, ''))
  mkdirSync(folder, { recursive: true })
  const file = join(folder, createHash('sha256').update(bytes).digest('hex').slice(0, 12))
  writeFileSync(file, bytes.subarray(bytes.indexOf(10) + 1))
  rmSync(input)
  console.error(`${name}: ${how}; the input is ${file}`)
}
function empty() {
  return { counts: {}, faults: 0, largestMiB: 0 }
}
function read(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
function add(sum, { counts: more, faults, largestMiB }) {
  sum.faults += faults
  sum.largestMiB = Math.max(sum.largestMiB, largestMiB)
  for (const [name, { inputs, faults, longestMs }] of Object.entries(more)) {
    sum.counts[name] ??= { inputs: 0, faults: 0, longestMs: 0 }
    const one = sum.counts[name]
    one.inputs += inputs
    one.faults += faults
    one.longestMs = Math.round(Math.max(one.longestMs, longestMs))
  }
}

/**
 * A run of a million rows without a model: shards written by a fake runner through the run's own line, then merged, joined, written and
 * analysed. Time, peak memory and size of each stage.
 *
 *   npx tsx scripts/bench/scale.ts [--rows 1000000] [--shards 4] [--at-once 2] [--completions 1|2|4] [--text real] [--folder DIR] [--heap MB]
 *     [--until csv] [--profile DIR]
 *
 * Prompts and completions are the demo's, a number in front of each prompt; 1: lone completions, 2: pairs, 4: groups. The runner's score is a hash of the ids, and
 * so that the store and what comes after it is measured, ids are hashes of four characters each; --text real renders and tokenises. Every
 * stage is a process of its own; --heap bounds its JavaScript heap (--max-old-space-size).
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { watchInterrupt } from '../../src/cli/interrupt.ts'
import { screenLog } from '../../src/cli/log.ts'
import { measureRun } from '../../src/cli/measuring.ts'
import { type OpenRun, scoreShard } from '../../src/cli/scoring.ts'
import { joinAll } from '../../src/join.ts'
import { resolveDevice } from '../../src/model/device.ts'
import { isFailure } from '../../src/pairs/failure.ts'
import { plain } from '../../src/plain-text.ts'
import { writeScores } from '../../src/report/write.ts'
import type { Prepared } from '../../src/score/subject.ts'
import { planOf, scorerOf } from '../../src/setup/choices.ts'
import { toRunConfig } from '../../src/setup/config.ts'
import { inspect, openDataset, rowsOf } from '../../src/setup/dataset.ts'
import { claimRunFolder } from '../../src/setup/folder.ts'
import { loadModels, scorerName } from '../../src/setup/models.ts'
import { type OpenSubject, subjectOf } from '../../src/setup/subject.ts'
import { mergeShards } from '../../src/store/merge.ts'
import type { Row, Runner, Sequence } from '../../src/types.ts'

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    shards: { type: 'string', default: '4' },
    'at-once': { type: 'string', default: '2' },
    completions: { type: 'string', default: '2' },
    folder: { type: 'string' },
    heap: { type: 'string' },
    text: { type: 'string', default: 'fake' },
    /** csv: without the analyses. */
    until: { type: 'string', default: 'end' },
    profile: { type: 'string' },
    /** Of a stage's own process: shard i, or merge. */
    stage: { type: 'string' },
  },
})
const rows = Number(flags.rows)
const shards = Number(flags.shards)

/** Scores by a hash of the ids, in [-4, 4). */
function fakeRunner(info: Runner['info']): Runner {
  const score = ({ ids }: Sequence): Float32Array => {
    let hash = 2166136261
    for (const id of ids) hash = Math.imul(hash ^ id, 16777619)
    return Float32Array.of((hash >>> 0) / 2 ** 29 - 4)
  }
  return {
    info,
    run: (batch, sequences) => Promise.resolve(batch.sequences.map((index) => score(sequences[index]!))),
    release: () => Promise.resolve(),
  }
}

async function stage(folder: string, index: number, merge: 'never' | 'only'): Promise<void> {
  const config = toRunConfig('run-rm', {
    dataset: join(folder, 'data.jsonl'),
    outputDir: join(folder, 'results'),
    device: 'cpu',
    shard: `${index}/${shards}`,
    merge,
    verify: false,
  })
  const log = screenLog(merge === 'only' ? 'merge' : `shard ${index}`, { quiet: false })
  const device = await resolveDevice('cpu', 'fp32')
  const data = await openDataset(config, () => {})
  log.info(`cut after ${(performance.now() / 1000).toFixed(0)} s`)
  const inspection = await inspect(rowsOf(config, data, merge === 'only'))
  const models = await loadModels(config, device, () => {})
  const real = await subjectOf(models[0]!, config, device, new Date(), () => {})
  const opened = await real.open()
  const { info } = opened
  await opened.release()
  const subject: OpenSubject = {
    ...real,
    ...(flags.text === 'real' ? {} : { prepare: fakePrepared }),
    open: () => Promise.resolve(fakeRunner(info)),
  }
  const { path, identity } = claimRunFolder({
    outputDir: config.outputDir,
    scorer: scorerName(config, models),
    dataset: data.name,
    identity: {
      weights: models.map(({ choice, weightsSha256 }) => ({ role: choice.role, sha256: weightsSha256 })),
      dataSha256: data.identity,
    },
  })
  const interrupt = watchInterrupt(log)
  const run: OpenRun = {
    config,
    data,
    models,
    subjects: [subject],
    device,
    scorer: scorerOf(config, models),
    plan: planOf(config, models),
    folder: path,
    identity,
    verifier: null,
    drift: null,
    comparison: null,
    replaced: null,
    certified: [],
    log,
    interrupt,
    elapsedMs: () => performance.now(),
  }
  await (flags.until === 'csv' && merge === 'only' ? toCsv(run) : scoreShard(run, inspection))
  interrupt.dispose()
}

/** Merges, joins and writes the CSV files, and leaves the analyses out: what the store and what follows it cost. */
async function toCsv(run: OpenRun): Promise<void> {
  const { config, log, folder, data } = run
  const merged = await mergeShards(folder, shards, config, { cut: data.cut!.id })
  if (merged.state !== 'merged') throw new Error(merged.state)
  log.info(`merged after ${(performance.now() / 1000).toFixed(0)} s: ${merged.added} measurements`)
  const rows = () => rowsOf(config, data, true)
  const { ledger, work } = await measureRun({ ...run, rows, completions: Number(flags.rows), store: merged.store })
  log.info(
    `found after ${(performance.now() / 1000).toFixed(0)} s: ${work[0]!.found}, index ${(merged.store.indexBytes / 1e6).toFixed(0)} MB`,
  )
  const joined = writeScores(folder, joinAll({ rows, store: merged.store, ledger }, run.scorer), {
    ownColumns: run.scorer.columns,
    extraColumns: [],
  })
  for await (const _ of joined);
  merged.store.close()
  log.info(`joined and written after ${(performance.now() / 1000).toFixed(0)} s`)
}

async function writeData(path: string): Promise<void> {
  const demo: { prompt: string; chosen: string; rejected: string }[] = []
  const config = toRunConfig('run-rm', { dataset: 'demo-pairs', device: 'cpu' })
  for await (const row of rowsOf(config, await openDataset(config, () => {})))
    if (!isFailure(row)) {
      const [chosen, rejected] = row.completions.map(({ text }) => plain(text))
      demo.push({ prompt: plain(row.prompt), chosen: chosen!, rejected: rejected! })
    }
  const out = createWriteStream(path)
  for (let i = 0; i < rows; i++) {
    const { prompt, chosen, rejected } = demo[i % demo.length]!
    const { chosen: other } = demo[(7 * i + 1) % demo.length]!
    const text =
      flags.completions === '1'
        ? { id: `r${i}`, subset: `s${i % 20}`, prompt: `${i}: ${prompt}`, completion: chosen }
        : flags.completions === '2'
          ? { id: `r${i}`, subset: `s${i % 20}`, prompt: `${i}: ${prompt}`, chosen, rejected }
          : {
              id: `r${i}`,
              subset: `s${i % 20}`,
              prompt: `${i}: ${prompt}`,
              completions: [chosen, rejected, other, `${other} ${i}`],
            }
    if (!out.write(`${JSON.stringify(text)}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
}

/** A text as ids, four characters each, without a template and a tokenizer. */
function fakeIds(text: string): number[] {
  const ids: number[] = []
  for (let i = 0; i < text.length; i += 4) {
    let hash = 2166136261
    for (let k = i; k < Math.min(i + 4, text.length); k++) hash = Math.imul(hash ^ text.charCodeAt(k), 16777619)
    ids.push(hash & 0x7fffffff)
  }
  return ids
}
function fakePrepared(row: Row): Prepared[] {
  const prompt = fakeIds(plain(row.prompt))
  return row.completions.map(({ text }) => {
    const own = fakeIds(plain(text))
    const ids = Int32Array.from([...prompt, ...own])
    return {
      ids,
      typeIds: null,
      positionStart: 0,
      start: prompt.length,
      promptTokens: prompt.length,
      completionTokens: own.length,
      truncated: 'no',
      repairs: [],
      textSha256: createHash('sha256')
        .update(`${plain(row.prompt)}\0${plain(text)}`)
        .digest('hex'),
      reads: Int32Array.of(ids.length - 1),
      poolingDiffers: false,
    }
  })
}

/** Runs a stage as a process of its own. */
async function measured(name: string, folder: string): Promise<string> {
  const began = performance.now()
  const heap = flags.heap === undefined ? [] : [`--max-old-space-size=${flags.heap}`]
  const profile = flags.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(flags.profile, name)}`]
  const child = spawn(
    process.execPath,
    [
      ...heap, ...profile, '--import', 'tsx', import.meta.filename, '--stage', name, '--folder', folder, '--rows', flags.rows, '--shards', flags.shards, '--text', flags.text, '--until', flags.until,
    ], // biome-ignore format: one line says it
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4096)
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  const seconds = (performance.now() - began) / 1000
  if (code !== 0) throw new Error(`${name} ended with ${code}`)
  const usage = /\{"maxRSS".*\}/.exec(said)?.[0] ?? '{}'
  const { maxRSS = 0, user = 0 } = JSON.parse(usage) as { maxRSS?: number; user?: number }
  return `| ${name} | ${seconds.toFixed(0)} | ${(user / 1e6).toFixed(0)} | ${(maxRSS / 1024).toFixed(0)} |`
}

if (flags.stage !== undefined) {
  const index = Number(/\d+/.exec(flags.stage)?.[0] ?? 1)
  await stage(flags.folder!, index, flags.stage === 'merge' ? 'only' : 'never')
  const { maxRSS, userCPUTime } = process.resourceUsage()
  console.log(JSON.stringify({ maxRSS, user: userCPUTime }))
} else {
  const folder = flags.folder ?? mkdtempSync(join(tmpdir(), 'chemherm-scale-'))
  try {
    const path = join(folder, 'data.jsonl')
    if (!existsSync(path)) await writeData(path)
    const lines = ['| stage | s | CPU s | peak memory, MB |', '| --- | ---: | ---: | ---: |']
    const names = Array.from({ length: shards }, (_, i) => `shard ${i + 1}`)
    for (let i = 0; i < names.length; i += Number(flags['at-once']))
      lines.push(
        ...(await Promise.all(names.slice(i, i + Number(flags['at-once'])).map((name) => measured(name, folder)))),
      )
    lines.push(await measured('merge', folder))
    console.log(lines.join('\n'))
    console.log(execFileSync('find', [folder, '-type', 'f', '-printf', '%s %f\n'], { encoding: 'utf8' }))
  } finally {
    if (flags.folder === undefined) rmSync(folder, { recursive: true })
  }
}

/**
 * 1,000 hostile SMILES strings (test/chem/hostile-smiles.ts), one after the other through the verification pool: per second, by kind, the
 * slowest, how they ended, and the process's memory.
 *
 *   npm run build && npx tsx scripts/bench/hostile.ts [--reward valid_mol_eval] [--kind dummies] [--slowest 20]
 *   npx tsx scripts/bench/hostile.ts --write FILE.jsonl    what scripts/oracles/hostile-smiles.py is given: the short ones and the odd ones
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createPooledVerifier } from '../../src/chem/workers/verifier.ts'
import { hostileSmiles } from '../../test/chem/hostile-smiles.ts'
import { oddSmiles } from '../../test/chem/odd-smiles.ts'

const { values: flags } = parseArgs({
  options: {
    reward: { type: 'string', default: 'valid_mol_eval' },
    kind: { type: 'string' },
    slowest: { type: 'string', default: '20' },
    write: { type: 'string' },
  },
})
/** Longest that Python is asked, in characters. */
const SHORT = 400
if (flags.write !== undefined) {
  const short = hostileSmiles().filter(({ smiles }) => smiles.length <= SHORT)
  const texts = [...short.map(({ smiles }) => smiles), ...oddSmiles()]
  writeFileSync(flags.write, texts.map((smiles) => `${JSON.stringify({ smiles })}\n`).join(''))
  process.exit(0)
}
/** What the answer is measured against. */
const TARGETS: Readonly<Record<string, string>> = {
  valid_mol_eval: '',
  should_answer_eval: '',
  formula_eval: 'CCO',
  product_eval: 'CCO',
  caption_eval: 'CCOCC',
  functional_group_eval: "('C6H6', ['aromatic'])",
  sol_eval: "('scaffold', 'C', -3, 'increase')",
}
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
interface Ending {
  readonly kind: string
  readonly smiles: string
  readonly seconds: number
  readonly cpu: number
  readonly how: string
}

const verifier = createPooledVerifier({}, { workers: 1 })
const verify = async (smiles: string): Promise<string> => {
  const completion = `<|think_start|>t<|think_end|><|answer_start|>${smiles}<|answer_end|>`
  const verdict = await verifier.verify(completion, `${flags.reward}!:!${TARGETS[flags.reward]}!:!hostile`)
  return String(verdict.metadata.error_message ?? verdict.metadata.error ?? verdict.reason ?? verdict.value)
}
await verify('CCO')
const endings: Ending[] = []
const begun = [performance.now(), cpuSeconds()] as const
let rss = 0
for (const { kind, smiles } of hostileSmiles()) {
  if (flags.kind !== undefined && kind !== flags.kind) continue
  const [start, cpu] = [performance.now(), cpuSeconds()]
  const how = await verify(smiles)
  endings.push({ kind, smiles, seconds: (performance.now() - start) / 1e3, cpu: cpuSeconds() - cpu, how })
  rss = Math.max(rss, process.memoryUsage().rss)
}
const [seconds, cpu] = [(performance.now() - begun[0]) / 1e3, cpuSeconds() - begun[1]]
await verifier.close()

const count = (of: (ending: Ending) => string): Map<string, { n: number; cpu: number }> => {
  const counts = new Map<string, { n: number; cpu: number }>()
  for (const ending of endings) {
    const entry = counts.get(of(ending)) ?? { n: 0, cpu: 0 }
    counts.set(of(ending), { n: entry.n + 1, cpu: entry.cpu + ending.cpu })
  }
  return counts
}
const table = (counts: Map<string, { n: number; cpu: number }>): void => {
  for (const [name, each] of [...counts].sort((a, b) => b[1].cpu - a[1].cpu))
    console.log(`| ${name} | ${each.n} | ${each.cpu.toFixed(2)} |`)
}
console.log('| kind | n | CPU s |\n| --- | ---: | ---: |')
table(count(({ kind }) => kind))
console.log('\n| ended | n | CPU s |\n| --- | ---: | ---: |')
table(count(({ how }) => how.replace(/\d+/g, '…').slice(0, 90)))
console.log('\n| slowest | s | CPU s | ended | SMILES |\n| --- | ---: | ---: | --- | --- |')
for (const ending of endings.sort((a, b) => b.cpu - a.cpu).slice(0, Number(flags.slowest)))
  console.log(
    `| ${ending.kind} | ${ending.seconds.toFixed(2)} | ${ending.cpu.toFixed(2)} | ${ending.how.slice(0, 60)} | ${ending.smiles.length} ${JSON.stringify(ending.smiles.slice(0, 50))} |`,
  )
console.log(
  `\n${endings.length} in ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} CPU s (${(endings.length / cpu).toFixed(1)} per CPU second); largest resident size ${(rss / 1e6).toFixed(0)} MB, ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB at its peak`,
)

/**
 * Runs every golden checkpoint below test/data, as the tests do (CPU, float32, alone, padded and shared), and writes per architecture and per
 * head how many there are and how far the worst number is from the reference: into src/model/families.md. Into README.md, how much of
 * RewardBench's zoo is built.
 *
 *   npx tsx scripts/bench/families.ts
 *
 * Ends with an error, and writes nothing, where a number is beyond its bound.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parse } from 'yaml'
import { supportedArchitectures } from '../../src/model/archs/index.ts'
import { headNames } from '../../src/model/heads/index.ts'
import { packagePath } from '../../src/package.ts'
import { knownModels } from '../../src/setup/known-models.ts'
import { exportFamilies, type Family, goldenFamilies } from '../../test/model/families.ts'
import { exportTable, familyTable, type Outcome, replaceBetween, zooText } from './families-text.ts'

type Measured = Pick<Family, 'name' | 'cases' | 'kind' | 'atol' | 'rtol' | 'compare'>

const outcomes = await inTurn(await goldenFamilies())
const exports = await inTurn(exportFamilies())
const tables = [
  familyTable('architecture', supportedArchitectures, ({ architecture }) => architecture, outcomes),
  familyTable('head', headNames, ({ head }) => head, outcomes),
  exportTable(exports),
]
write('src/model/families.md', 'families', tables.join('\n\n'))
const configured = Object.keys(parse(readFileSync(packagePath('configs/eval_configs.yaml'), 'utf8')))
write('README.md', 'zoo', zooText(knownModels(), configured))

async function inTurn<T extends Measured>(all: readonly T[]): Promise<(T & Pick<Outcome, 'worst' | 'bound'>)[]> {
  const done: (T & Pick<Outcome, 'worst' | 'bound'>)[] = []
  for (const one of all) done.push({ ...one, ...(await worstOf(one)) })
  return done
}

/** The number that is furthest from the reference, and its bound. */
async function worstOf({ name, cases, atol, rtol, compare }: Measured): Promise<Pick<Outcome, 'worst' | 'bound'>> {
  let [worst, bound] = [-1, 0]
  const labels = new Set<string>()
  for (const { label, got, expected } of await compare()) {
    labels.add(label)
    if (got.length !== expected.length)
      throw new Error(`${name}, ${label}: ${got.length} numbers for ${expected.length}`)
    for (const [i, want] of expected.entries()) {
      const difference = Math.abs(got[i]! - want)
      const allowed = atol + rtol * Math.abs(want)
      if (!(difference <= allowed)) throw new Error(`${name}, ${label}: ${got[i]} for ${want}, beyond ${allowed}`)
      if (difference > worst) [worst, bound] = [difference, allowed]
    }
  }
  if (worst < 0 || labels.size !== cases) throw new Error(`${name}: ${labels.size} of ${cases} cases were compared`)
  return { worst, bound }
}

function write(file: string, name: string, content: string): void {
  writeFileSync(packagePath(file), replaceBetween(readFileSync(packagePath(file), 'utf8'), name, content))
  console.log(`${file}: ${name}`)
}

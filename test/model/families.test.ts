import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { between, zooText } from '../../scripts/bench/families-text.ts'
import { packagePath } from '../../src/package.ts'
import { knownModels } from '../../src/setup/known-models.ts'
import { call } from '../command.ts'
import { goldenFamilies } from './families.ts'

// What `npx tsx scripts/bench/families.ts` has written is of the architectures, heads and goldens that are here now.

const [architectures, heads, exports] = between(readFileSync(packagePath('src/model/families.md'), 'utf8'), 'families')
  .split('\n\n')
  .map((table) =>
    table
      .split('\n')
      .slice(2)
      .map((line) => line.replaceAll('`', '').slice(2, -2).split(' | ')),
  )
const families = await goldenFamilies()
const listed = JSON.parse((await call('models', ['--json'])).stdout) as { architectures: string[]; heads: string[] }

it.each([
  { what: 'architectures', names: listed.architectures, rows: architectures!, of: 'architecture' as const },
  { what: 'heads', names: listed.heads, rows: heads!, of: 'head' as const },
])('$what of the table: those that are built, each with its goldens', ({ names, rows, of }) => {
  expect(rows.map(([name]) => name)).toEqual(names)
  for (const [name, checkpoints, cases] of rows) {
    const own = families.filter((family) => family[of] === name)
    expect(own.length, `${name} has no golden under test/data`).toBeGreaterThan(0)
    expect([Number(checkpoints), Number(cases)], name).toEqual([
      own.length,
      own.reduce((sum, family) => sum + family.cases, 0),
    ])
  }
})

it('every number of the table is within its bound', () => {
  for (const [name, ...cells] of [...architectures!, ...heads!, ...exports!])
    for (const [worst, bound] of [cells.slice(-2), ...(cells.length > 4 ? [cells.slice(-4, -2)] : [])])
      if (worst !== '–') expect(Number(worst), name).toBeLessThanOrEqual(Number(bound))
})

it('the README says how many goldens there are', () =>
  expect(readFileSync(packagePath('README.md'), 'utf8')).toContain(`${families.length} golden checkpoints`))

it('the README says how much of the zoo of RewardBench is built', () => {
  const configured = Object.keys(parse(readFileSync(packagePath('configs/eval_configs.yaml'), 'utf8')))
  const said = between(readFileSync(packagePath('README.md'), 'utf8'), 'zoo')
  expect(said).toBe(zooText(knownModels(), configured))
})

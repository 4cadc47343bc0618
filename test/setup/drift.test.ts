import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { resolveDevice } from '../../src/model/device.ts'
import { toRunConfig } from '../../src/setup/config.ts'
import { drawRows, driftPlan } from '../../src/setup/drift.ts'
import { loadModels } from '../../src/setup/models.ts'
import type { Row } from '../../src/types.ts'

const device = await resolveDevice('cpu', 'fp32')
const GIB = 2 ** 30
async function planOf(args: Record<string, unknown>, memory = 16 * GIB) {
  const config = toRunConfig('run-rm', { device: 'cpu', ...args })
  return driftPlan(config, await loadModels(config, device, () => {}), device, memory)
}

describe('whether the drift of a number format is measured', () => {
  it('a run in fp32 has none', async () => {
    expect(await planOf({})).toBeNull()
    expect(await planOf({ drift: 10 })).toBeNull()
  })
  it.each(['q8', 'q4'])('%s: 64 rows where nothing is said, in fp32', async (dtype) => {
    const plan = await planOf({ dtype })
    expect(plan).toMatchObject({ rows: 64, reason: null })
    expect(plan!.models.map(({ opened }) => opened.dtype)).toEqual(['fp32'])
    expect(plan!.models[0]!.description.quantisation).toBeNull()
  })
  it('as many as are asked for, and none', async () => {
    expect(await planOf({ dtype: 'q8', drift: 7 })).toMatchObject({ rows: 7, reason: null })
    expect(await planOf({ dtype: 'q8', drift: 0 })).toMatchObject({ rows: 0, models: [], reason: '--drift 0' })
  })
  it('not where float32 weights would fill the memory, unless it is asked for', async () => {
    expect(await planOf({ dtype: 'q8' }, 4e6)).toMatchObject({
      rows: 0,
      reason: expect.stringMatching(/float32 weights take 0\.00326 GB of the 0\.00400 GB of this machine; --drift 64/),
    })
    expect(await planOf({ dtype: 'q8', drift: 3 }, 4e6)).toMatchObject({ rows: 3, reason: null })
  })
  it('is refused with TF32', () => {
    const open = () => toRunConfig('run-rm', { dtype: 'tf32', device: 'cuda', drift: 4 })
    expect(open).toThrow(UsageError)
    expect(open).toThrow(/cannot be combined with --dtype tf32/)
    expect(() => toRunConfig('run-rm', { drift: -1 })).toThrow(/not a whole number of at least 0/)
  })
})

it('draws rows by the seed and the ids, whatever their order', async () => {
  const rows = (ids: readonly number[]) =>
    (async function* () {
      for (const id of ids) yield { id: String(id) } as Row
    })()
  const ids = Array.from({ length: 3000 }, (_, i) => i)
  const drawn = await drawRows(rows(ids), 50, 0)
  expect(drawn.size).toBe(50)
  expect([...(await drawRows(rows(ids.toReversed()), 50, 0))].sort()).toEqual([...drawn].sort())
  expect([...(await drawRows(rows(ids), 50, 1))].sort()).not.toEqual([...drawn].sort())
  expect((await drawRows(rows([1, 2]), 50, 0)).size).toBe(2)
})

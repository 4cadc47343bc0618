import { expect } from 'vitest'
import { Drawer } from '../../src/chem/toolkit/draw.ts'
import type { hostileSmiles } from './hostile-smiles.ts'

/** Of the whole process, threads of V8's compiler among them; each takes up to 2.2 s on a quiet core, this is for busy ones. */
export const MOST_CPU_SECONDS = 8
export const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Each as a molecule, and as a reaction to itself; what is sane is drawn afterwards. @returns how many molecules were drawn */
export async function expectDrawnInSeconds(hostile: ReturnType<typeof hostileSmiles>): Promise<number> {
  let drawn = 0
  for (const { kind, smiles } of hostile) {
    const drawer = await Drawer.open()
    const start = cpuSeconds()
    if (drawer.molecule(smiles) !== null) drawn++
    drawer.reaction(`${smiles}>>${smiles}`)
    expect(cpuSeconds() - start, `${kind}: ${smiles.slice(0, 60)}`).toBeLessThan(MOST_CPU_SECONDS)
  }
  expect((await Drawer.open()).molecule('CCO')).toContain('<svg')
  return drawn
}

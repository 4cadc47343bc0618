import { expect, it } from 'vitest'
import { expectDrawnInSeconds } from '../chem/hostile-drawings.ts'
import { hostileSmiles } from '../chem/hostile-smiles.ts'

it('hostile molecules of up to 700 characters are drawn, or are not, in seconds', async () => {
  const drawn = await expectDrawnInSeconds(hostileSmiles().filter(({ smiles }) => smiles.length <= 700))
  expect(drawn).toBeGreaterThan(100)
})

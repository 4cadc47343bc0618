import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { murckoScaffold } from '../../src/make/scaffold.ts'

it("Murcko scaffolds are RDKit's", async () => {
  const mols = await Toolkit.shared()
  const rows = gunzipSync(readFileSync('test/data/make/scaffolds.jsonl.gz'))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { smiles: string; scaffold: string })
  expect(rows.length).toBe(319)
  for (const { smiles, scaffold } of rows) expect(murckoScaffold(mols.read(smiles)!, mols), smiles).toBe(scaffold)
})

import { below } from '../../../prng.ts'
import { partsOf } from '../tokens.ts'
import { ofSmiles } from '../transformation.ts'

/** The parts of a salt or mixture in another order: `[Na+].[Cl-]` as `[Cl-].[Na+]`. Each part is kept as written. */
export const partOrder = ofSmiles(
  { name: 'part_order', family: 'spelling', same: true },
  ({ smiles, toolkit }, random) => {
    if (!smiles.includes('.')) return 'one_part'
    const parts = partsOf(smiles, toolkit)
    if (parts === null) return 'parts_joined_by_a_ring'
    if (new Set(parts).size === 1) return 'equal_parts'
    // turned by some places: never the given order, unless it repeats
    const start = 1 + below(random, parts.length - 1)
    const turned = [...parts.slice(start), ...parts.slice(0, start)].join('.')
    return [turned === smiles ? [...parts].reverse().join('.') : turned]
  },
)

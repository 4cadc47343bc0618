import initRdkit, { type JSMol, type RDKitModule } from '@rdkit/rdkit'
import type { MoleculePort } from '../../src/report/html/input.ts'
import { demoRows } from './demo-input.ts'

/** RDKit itself behind the report's port, so that the test sees the SVG that RDKit really writes. */
export async function rdkitMolecules(): Promise<MoleculePort> {
  const rdkit = await (initRdkit as unknown as () => Promise<RDKitModule>)()
  rdkit.disable_logging?.('rdApp.error')
  const solutions = new Map(demoRows.map((row) => [row.id, row.solution.split('!:!')]))
  const use = <T>(smiles: string, read: (mol: JSMol) => T): T | null => {
    const mol = rdkit.get_mol(smiles)
    if (mol === null) return null
    try {
      return read(mol)
    } finally {
      mol.delete()
    }
  }
  return {
    answer({ id, text }) {
      const answer = /<\|answer_start\|>(.*?)(?:<\|answer_end\|>|$)/s.exec(text)?.[1]?.trim() ?? ''
      const [kind, fragment] = solutions.get(id) ?? []
      const smiles = kind === 'valid_mol_eval' ? `${fragment}${answer}` : answer
      return answer === '' || /\s/.test(answer) ? null : use(smiles, () => smiles)
    },
    draw: (smiles, { width, height, highlightAtoms }) =>
      use(smiles, (mol) =>
        mol.get_svg_with_highlights(JSON.stringify({ width, height, atoms: highlightAtoms, clearBackground: false, bondLineWidth: 1.2 })),
      ),
    differingAtoms(a, b) {
      const alone = (smiles: string, of: string): readonly number[] | null =>
        use(smiles, (mol) => {
          const atoms = Array.from({ length: mol.get_num_atoms() }, (_, i) => i)
          const matched = use(of, (other) => {
            const match = JSON.parse(mol.get_substruct_match(other)) as { atoms?: number[] }
            return match.atoms ?? null
          })
          return matched === null ? atoms.slice(0, 1) : atoms.filter((i) => !matched.includes(i))
        })
      const [inA, inB] = [alone(a, b), alone(b, a)]
      return inA === null || inB === null ? null : { a: inA, b: inB }
    },
  }
}

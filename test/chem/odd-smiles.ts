import { type Prng, prng } from '../../src/prng.ts'
import { golden } from './golden.ts'

/** Rings with dummies in them. */
const RINGS =
  'C1CC*1 c1c*ccc1 *1ccccc1 C1C*CC1 c1cc2*cccc2cc1 C1=CC=*C=C1 n1c*ccc1 c1c*cs1 *1cc*cc1 C1*CCN1 c1ccc2c(c1)[*]cc2 O=C1C*CCC1 c1[*]c[nH]c1 *1CC1 C1=*CCC=C1 [1*]1ccccc1 [*+]1ccccc1 [*H]1CCCC1 C12CC1*2 c1cc*c(*)c1 *1=CC=CC=C1 *:1:C:C:C:C:C1'.split(
    ' ',
  )
const METALS =
  '[Pt@SP1] [Pt@SP2] [Pt@SP3] [Pt] [Pd@SP1] [Co@OH1] [Co@OH5] [Fe@TB3] [Pt@SP1H] [Pt@SP2-2] [Pt@@] [Pt@] [Ni@SP3] [Pt+2] [Co+3] [Fe] [Ru@OH20] [S@TB1] [P@TB7] [As@OH3] [C@SP1] [Cu] [Zn]'.split(
    ' ',
  )
const LIGANDS =
  'N Cl Br F I [NH3] [H] [2H] C O P(C)(C)C [CH3] c1ccccc1 [*] S [N+] [OH2] [Cl-] N#C [C-]#[O+] [H+]'.split(' ')
const BONDS = ['', '', '', '<-', '->', '=', '~', '-']
const STRANGERS = '* [*] [1*] s p [Pt@SP1] [Si] S [se] P B [B-] [te] [P+] =s =S [Fe]'.split(' ')
const EDITS = [
  ...'CNOSPFIBcnosp()[]=#$123456789@+-/\\.%H*:~ ',
  ...'Cl Br [nH] [O-] [N+] [C@@H] [2H] [13C] -> <- [Pt@SP1] [H] [*] [#6] [C:1] [se] [as]'.split(' '),
]

/**
 * 4,000 SMILES of what RDKit's builds are most likely to tell apart: dummies in rings, metals with their ligands and stereo marks,
 * hydrogens as atoms, drugs with a strange atom or a few characters edited. The same at every call; Python's answers are in
 * test/data/chem/odd.jsonl.gz.
 */
export function oddSmiles(): readonly string[] {
  const random = prng(2026)
  const of = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const drugs = golden<{ readonly smiles: string; readonly valid: boolean }>('molecules')
    .filter(({ smiles, valid }) => valid && smiles.length > 8 && smiles.length < 200)
    .map(({ smiles }) => smiles)
  const makers: readonly (readonly [count: number, make: () => string])[] = [
    [500, () => dummied(of)],
    [700, () => complex(of, random)],
    [250, () => hydrogens(of)],
    [900, () => strange(of(drugs), of, random)],
    [300, () => edited(dummied(of), of, random)],
    [350, () => edited(complex(of, random), of, random)],
    [1000, () => edited(of(drugs), of, random)],
  ]
  const all = new Set<string>()
  for (const [count, make] of makers) {
    const until = all.size + count
    for (let tries = 0; all.size < until && tries < 20 * count; tries++) {
      const smiles = make()
      if (smiles.length <= 400) all.add(smiles)
    }
  }
  return [...all]
}

type Choose = <T>(items: readonly T[]) => T

function complex(of: Choose, random: Prng): string {
  const metal = of(METALS)
  const ligands = Array.from({ length: 1 + Math.floor(random() * 6) }, () => `(${of(BONDS)}${of(LIGANDS)})`)
  if (random() < 0.35) {
    ligands[0] = `1(${of(LIGANDS)})`
    const [first, last] = [of(['N', 'C', 'O']), of(['N', 'C', 'O'])]
    return `${first}1CC${last}${of(['', '->'])}${metal}1${ligands.slice(1).join('')}`
  }
  return random() < 0.5
    ? `${of(LIGANDS)}${of(['', '->', '<-'])}${metal}${ligands.join('')}`
    : `${metal}${ligands.join('')}${of(LIGANDS)}`
}

function hydrogens(of: Choose): string {
  const hydrogen = of(['[H]', '[2H]', '[H+]', '[H-]', '[HH]', '[3H]', '[H:1]'])
  return of([
    `${hydrogen}->${of(METALS)}`,
    `${of(['C', 'N', 'O', 'B', '[NH3]', 'CC(C)'])}${hydrogen}`,
    `${hydrogen}${of(['->', '<-', '~', '-', '='])}${of(['C', '[Fe]', 'N', '[Pt]', 'O', 'B'])}`,
    `${of(['C', 'B', '[Fe]'])}${hydrogen}${of(['C', 'B', 'O'])}`,
    `C1${hydrogen}CC1`,
    `${of(['N', 'O', 'C'])}->${hydrogen}`,
    `[C@]([H])(F)(${of(LIGANDS)})${of(LIGANDS)}`,
    `[C@H](F)(${hydrogen})${of(LIGANDS)}`,
    `${of(['C/C=C/', 'F/C(', 'C\\C=N'])}${hydrogen}`,
  ])
}

function dummied(of: Choose): string {
  const ring = of(RINGS)
  const ligand = of(LIGANDS)
  return of([
    ring,
    `${ligand}${ring}`,
    `${ring}${ligand}`,
    `${ring}.${ligand}`,
    `${ring}${ring.replaceAll('1', '3').replaceAll('2', '4')}`,
    ring.replace('C', of(['N', 'O', 'S', 'C(=O)', 'C(F)', '[C@H](F)'])),
    ring.replace('c', of(['n', 's', 'o', 'c(F)', 'c(*)', 'c(=O)', '[nH]', '[n+]', 'p'])),
    `C${ligand === 'N' ? 'N' : 'C'}${ring}`,
  ])
}

function strange(drug: string, of: Choose, random: Prng): string {
  const text = [...drug]
  for (let k = 0; k < 1 + random() * 2; k++) {
    const places = [...text.keys()].filter((i) => /[cCNnOosS]/.test(text[i]!))
    text[of(places)] = of(STRANGERS)
  }
  return text.join('')
}

function edited(smiles: string, of: Choose, random: Prng): string {
  const text = [...smiles]
  for (let k = 0; k < 1 + random() * 3; k++) {
    const at = Math.floor(random() * (text.length + 1))
    const kind = random()
    if (kind < 0.4 && at < text.length) text[at] = of(EDITS)
    else if (kind < 0.7) text.splice(at, 0, of(EDITS))
    else text.splice(at, 1)
  }
  return text.join('')
}

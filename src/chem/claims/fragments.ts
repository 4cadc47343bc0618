import type { MolToolkit } from '../toolkit/molecule.ts'
import type { ClaimKind } from './claim.ts'
import { isResult } from './results.ts'
import { AFTER_NAMES, type Token } from './tokens.ts'

/** What is said of a string or of two molecules holds whether or not the string is also a part of another one. */
const OF_STRINGS: ReadonlySet<ClaimKind> = new Set(['smiles', 'identity', 'isomers', 'comparison', 'balance'])
/** Before a SMILES: it is a molecule by itself. */
const WHOLE = new Set(
  `molecule compound product products reactant reagent byproduct side-product species substance precursor + -> --> >>`.split(
    /\s+/,
  ),
)

/** SMILES that are remembered; later ones are not, so that a long reasoning takes no longer a claim. */
const MAX_KNOWN = 400
const MOST = 0.7
/** Of these, how many are searched for a ring. */
const MAX_RINGED = 20

/**
 * The SMILES of a trajectory in the order of their first mention. A reasoning takes a SMILES apart: `CC(=O)O is the ester` of aspirin's means
 * a piece of the string, not acetic acid.
 */
export class Spellings {
  private readonly wholes = new Set<string>()
  private readonly known: string[] = []
  private readonly places = new Map<string, number>()
  constructor(private readonly mols: MolToolkit) {}

  /** For candidates, which do not see each other. */
  copy(): Spellings {
    const copy = new Spellings(this.mols)
    for (const raw of this.wholes) copy.wholes.add(raw)
    for (const raw of this.known) copy.places.set(raw, copy.known.push(raw) - 1)
    return copy
  }

  /** @param asAsked of the question: what stands there by itself is a molecule */
  add(tokens: readonly Token[], asAsked = false): void {
    for (const [i, { raw, molecule, isName }] of tokens.entries()) {
      if (molecule === null || isName) continue
      if (asAsked || isCalledMolecule(tokens, i)) this.wholes.add(raw)
      for (const component of raw.split('.')) {
        if (raw.includes('.')) this.wholes.add(component)
        if (this.places.has(component) || this.known.length >= MAX_KNOWN) continue
        this.places.set(component, this.known.length)
        this.known.push(component)
      }
    }
  }

  /** What keeps a claim from being decided: the longer SMILES that its subject may be a piece of. Null where there is none. */
  wholeOf(
    claim: { readonly kind: ClaimKind; readonly subject: string | null },
    tokens: readonly Token[],
  ): string | null {
    const label = claim.subject
    if (label === null || OF_STRINGS.has(claim.kind) || this.wholes.has(label)) return null
    const isWritten = tokens.some(({ raw, molecule, isName }) => raw === label && molecule !== null && !isName)
    return isWritten ? this.longer(label) : null
  }

  /** A SMILES before this one that has it as a piece, unless it was called a molecule. */
  longer(raw: string): string | null {
    if (this.wholes.has(raw)) return null
    const before = this.places.get(raw) ?? this.known.length
    return this.known.slice(0, before).find((longer, k) => this.isPiece(raw, longer, k)) ?? null
  }

  private isPiece(raw: string, longer: string, k: number): boolean {
    if (raw === longer) return false
    // most of a string, and no open end: another molecule (CCOC(=O)C and COC(=O)C)
    if (longer.includes(raw)) return raw.length <= MOST * longer.length || raw.endsWith('(=O)')
    if (k >= MAX_RINGED) return false
    // a bare aromatic ring stands for the substituted one
    if (!/^[cnos\d[\]H]+$/.test(raw)) return false
    const whole = this.mols.read(longer)
    return whole !== null && this.mols.count(whole, raw) > 0
  }
}

/** `the product CCO`, `ethanol (CCO)`, `CCO (ethanol)`, `CC=O + CCO`. */
function isCalledMolecule(tokens: readonly Token[], i: number): boolean {
  const [before, after] = [tokens[i - 1], tokens[i + 1]]
  if (isResult(tokens, i) || (before !== undefined && WHOLE.has(before.text))) return true
  if (after !== undefined && WHOLE.has(after.text) && after.kind === 'mark') return true
  const isName = (token: Token | undefined): boolean => token?.isName === true
  return (
    isName(before) ||
    (/^[(,]$/.test(before?.text ?? '') && isName(tokens[i - 2])) ||
    (/^[(,]$/.test(after?.text ?? '') && isName(tokens[i + 2]) && !AFTER_NAMES.has(tokens[i + 3]?.text ?? ''))
  )
}

import { type Finding, fails, passes, undecided } from './claim.ts'
import type { Subject } from './subject.ts'

/** A molecule or formula of a reaction, and how many of it. */
export interface Term {
  readonly coefficient: number
  readonly subject: Subject
}
export interface Reaction {
  readonly left: readonly Term[]
  readonly right: readonly Term[]
}

function total(terms: readonly Term[]): { atoms: Map<string, number>; charge: number } | null {
  const atoms = new Map<string, number>()
  let charge = 0
  for (const { coefficient, subject } of terms) {
    if (subject.composition === null) return null
    for (const [symbol, n] of subject.composition.atoms) atoms.set(symbol, (atoms.get(symbol) ?? 0) + coefficient * n)
    charge += coefficient * subject.composition.charge
  }
  return { atoms, charge }
}

/** Are atoms and charge the same on both sides? */
export function checkBalance({ left, right }: Reaction): Finding {
  const [a, b] = [total(left), total(right)]
  if (a === null || b === null) return undecided('it has atoms of no known element')
  const symbols = [...new Set([...a.atoms.keys(), ...b.atoms.keys()])].sort()
  const off = symbols.filter((symbol) => (a.atoms.get(symbol) ?? 0) !== (b.atoms.get(symbol) ?? 0))
  const text = (side: typeof a): string => symbols.map((s) => `${s} ${side.atoms.get(s) ?? 0}`).join(' ')
  const computed = `${text(a)} → ${text(b)}`
  if (off.length > 0)
    return fails(
      computed,
      `not balanced: ${off.map((s) => `${a.atoms.get(s) ?? 0} ${s} on the left, ${b.atoms.get(s) ?? 0} on the right`).join('; ')}`,
    )
  if (a.charge !== b.charge)
    return fails(computed, `not balanced: charge ${a.charge} on the left, ${b.charge} on the right`)
  return passes(computed)
}

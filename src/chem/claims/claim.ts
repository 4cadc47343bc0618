/** What a claim is about. The code book and `step_claims` use these names. */
export type ClaimKind =
  | 'smiles'
  | 'formula'
  | 'charge'
  | 'ring_count'
  | 'atom_count'
  | 'bond_count'
  | 'functional_group'
  | 'molar_mass'
  | 'unsaturation'
  | 'stereocentres'
  | 'hydrogen_bonding'
  | 'rotatable_bonds'
  | 'property'
  | 'identity'
  | 'isomers'
  | 'comparison'
  | 'balance'

export type ClaimOutcome = 'pass' | 'fail' | 'unverifiable'

/** One statement found in a step. */
export interface Claim {
  readonly kind: ClaimKind
  readonly outcome: ClaimOutcome
  /** The words of the step as they stand there, from `start` to `end` (UTF-16 units of the step's text). */
  readonly text: string
  readonly start: number
  readonly end: number
  /** What the statement says it of, as written: a SMILES, a name, a formula; null where that is not known. */
  readonly subject: string | null
  readonly stated: string
  /** What RDKit or arithmetic gives; null where nothing was computed. */
  readonly computed: string | null
  /** Why it fails, or why it is not decided; null for a pass. */
  readonly reason: string | null
}

/** A step of a reasoning, with what was found in it. */
export interface StepVerdict {
  /** From 0; candidates are all at the place after the last step. */
  readonly step: number
  /** Index of the candidate; null for a step of the trajectory. */
  readonly candidate: number | null
  /** `fail` if a decided claim fails, `pass` if at least one is decided and none fails, else `unverifiable`. */
  readonly verdict: ClaimOutcome
  /** Every claim found, decided or not, in the order of the text. */
  readonly claims: readonly Claim[]
  /** Of the first claim that fails; null otherwise. */
  readonly reason: string | null
  /** Why some of the step was not read: too long, or RDKit gave up; null otherwise. */
  readonly note: string | null
}

/** What a check says, before it is tied to a place in the text. */
export interface Finding {
  readonly outcome: ClaimOutcome
  readonly computed: string | null
  readonly reason: string | null
}

export const passes = (computed: string): Finding => ({ outcome: 'pass', computed, reason: null })
export const fails = (computed: string | null, reason: string): Finding => ({ outcome: 'fail', computed, reason })
export const undecided = (reason: string, computed: string | null = null): Finding => ({
  outcome: 'unverifiable',
  computed,
  reason,
})

/** `verdict` and `reason` of a step with these claims. */
export function verdictOf(claims: readonly Claim[]): Pick<StepVerdict, 'verdict' | 'reason'> {
  const wrong = claims.find(({ outcome }) => outcome === 'fail')
  if (wrong !== undefined) return { verdict: 'fail', reason: wrong.reason }
  return { verdict: claims.some(({ outcome }) => outcome === 'pass') ? 'pass' : 'unverifiable', reason: null }
}

/**
 * Reactions whose outcome is textbook knowledge, with what would come out if one thing were mistaken. Written for this project. SMARTS
 * are matched as RDKit does; a substrate with more than one `site`, or on which `right` gives more than one product, is not used, so that
 * the answer is unique.
 */
export interface Rule {
  readonly name: string
  /** What is added besides the substrate, as SMILES: a partner that takes part, one of these. */
  readonly partners: readonly string[]
  /** Reagents between the arrows, as SMILES. */
  readonly agents: string
  /** Reaction SMARTS of substrate (and partner) to product. */
  readonly right: string
  /** The same mistaken, with what was changed in words. */
  readonly wrong: readonly (readonly [smarts: string, changed: string])[]
  /** Where it reacts: a SMARTS that the substrate must have once, else it is left out. */
  readonly site: string
  /** Substrates that have this too are left out: another group would react. */
  readonly unless?: string
  /** Substrates that have this more than once are left out: the other would react. */
  readonly once?: string
}

/** What the embedded oracles ask of RDKit: the part of `MolToolkit` that they use. */
export interface Canonicalizer {
  /** Null where RDKit cannot read the string. */
  read(smiles: string): {
    /** Canonical SMILES without stereo (`MolToSmiles(mol, isomericSmiles=False)`). */
    readonly flat: string
    /** molbloom's key: canonical isomeric SMILES in Kekulé form (`molbloom.canon`). */
    readonly kekule: string
  } | null
}

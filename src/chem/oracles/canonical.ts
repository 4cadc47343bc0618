/** What the embedded oracles ask of RDKit; the toolkit that fills it is passed in, so that tests and workers choose their own. */
export interface Canonicalizer {
  /** Canonical SMILES without stereo (`MolToSmiles(mol, isomericSmiles=False)`), or null where RDKit cannot read the string. */
  flat(smiles: string): string | null
  /** molbloom's key: canonical isomeric SMILES in Kekulé form (`molbloom.canon`), or null likewise. */
  kekule(smiles: string): string | null
}

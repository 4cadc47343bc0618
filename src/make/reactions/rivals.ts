/**
 * Groups that react otherwise than a rule says, or before the site that the rule is about: a substrate that has one is no
 * textbook case, and its answer no certain one. Each is the SMARTS of an atom.
 */
const RIVALS = {
  // electrophiles
  acidHalide: '$(C(=O)[F,Cl,Br,I])',
  sulfonylHalide: '$(S(=O)(=O)[F,Cl,Br])',
  anhydride: '$(O(C=O)C=O)',
  imide: '$(N(C=O)C=O)',
  isocyanate: '$(C(=N)=[O,S,N])',
  sulfinylamine: '$(N=S)',
  epoxide: '$(C1OC1),$(C1NC1)',
  alkylChloride: '$([CX4]Cl)',
  alkylHalide: '$([CX4][Br,I])',
  activatedChloride: '$([CX4](Cl)[$(C=[O,C]),c])',
  alkylSulfonate: '$([CX4]OS(=O)=O)',
  triflate: '$(OS(=O)(=O)C(F)(F)F)',
  vinylHalide: '$([CX3](=C)[F,Cl,Br,I])',
  activatedArylHalide: '$([F,Cl]c1c([N+](=O)[O-])cccc1),$([F,Cl]c1ccc([N+](=O)[O-])cc1)',
  carbonyl: '$([CX3H1](=O)[#6]),$([CX3](=O)([#6])[#6])',
  enolizable: '$([CX3](=O)([#6])[CX4;!H0])',
  imine: '$([CX3]=[NX2]),$([CX3]=[N+])',
  // unsaturated
  acceptor: '$([CX3]=[CX3][$(C=[O,N,S]),$(C#N),$([N+](=O)[O-]),$(S=O),$(C(F)F),$([P]=O),$(c:n)]),$(C#C[$(C=O),$(C#N)])',
  vinylHetero: '$([CX3]=[CX3][O,N,S,P,Si,F,Cl,Br,I])',
  alkyne: '$(C#C)',
  nitrile: '$(C#N)',
  alkene: '$([CX3]=[CX3])',
  /** A secondary cation beside a tertiary or quaternary carbon: it rearranges. */
  migrating: '$([CH2]=[CH][CX4;H0,H1]),$([CH2]=C[R2])',
  /** A phenol's OH in reach of the cation closes a ring. */
  closing: '$([OX2H]c:cCC=C),$([OX2H]CCC=C)',
  /** Radicals: the other way round. */
  peroxide: '$(OO)',
  // acids and nucleophiles
  carboxylicAcid: '$(C(=O)[OX2H])',
  sulfonicAcid: '$(S(=O)(=O)[OX2H])',
  thiol: '$([SX2H])',
  thione: '$([#6]=S)',
  phosphine: '$([PX3])',
  phenol: '$(c[OX2H])',
  alcohol: '$([CX4][OX2H])',
  cationicAlcohol: '$([CX4;H0](C)(C)(C)[OX2H]),$([CX4]([c,$(C=C)])[OX2H])',
  alkylamine: '$([NX3;!$(N[C,S,P]=[O,S,N]);!$(Nc);!$(N~[#7,#8]);!$(NC#N)])',
  alkylAmineNH: '$([NX3;!H0;!$(N[C,S,P]=[O,S,N]);!$(Nc);!$(NC#N)])',
  acidicNH: '$([NX3;!H0](C=[O,S])C=[O,S]),$([NX3;!H0]S(=O)=O),$([NX3;!H0]C=S)',
  acidicCH: '$([CX4;!H0](C=O)C=O),$([CX4;!H0](C=O)C#N)',
  hydrazine: '$([NX3][NX3]),$([NX3]N=*)',
  diarylamine: '$([NX3;!H0](c)c)',
  nitroaniline: '$([NX3;!H0]c:c[N+](=O)[O-])',
  enamine: '$([NX3;!H0][CX3]=[CX3])',
  heteroaromatic: 'o,s,n,$([se])',
  azine: 'n',
  diazo: '$(N=[N+]),$([N+]#N),$([N-])',
  /** Hydrolysed or opened by strong acid. */
  acidLabile: '$([OX2][CX4][OX2]),$([CX3]=[CX3][OX2]),$([OX2]C(C)(C)C)',
  // hindered at the acyl carbon, or no alkoxide to speak of
  hinderedEster: '$([CX4;H0]([#6])([#6])([#6])C(=O)[OX2]),$([CX4;H0]([#6])([#6])([#6])OC=O)',
} as const

/** SMARTS of an atom that is part of one of these groups, or of `more`. */
export function rivals(names: readonly (keyof typeof RIVALS)[], ...more: readonly string[]): string {
  return `[${[...names.map((name) => RIVALS[name]), ...more].join(',')}]`
}

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
}

const BORONIC = [
  'OB(O)c1ccc(C(F)(F)F)cc1',
  'Cc1cccc(B(O)O)c1',
  'COc1cccc(B(O)O)c1',
  'OB(O)c1ccoc1',
  'OB(O)c1cccnc1',
  'OB(O)C1CC1',
]
const AMINES = ['NC1CCCCCC1', 'NCC1CCCO1', 'CC1CCNCC1', 'CC1CCCNC1', 'CCNCCO', 'CNCC=C']
const suzuki = (halogen: string): string => `[c:1]${halogen}.[#6:2]B(O)O>>[c:1][#6:2]`
const keeps = (leaving: string, staying: string): string => `${leaving} left instead of ${staying}`

/** The wrong group leaves. */
export const LEAVING_GROUPS: readonly Rule[] = [
  ...(
    [
      ['Br', ['Cl', 'F'], '[$(cI)]'],
      ['I', ['Br', 'Cl', 'F'], '[#35X2]'],
      ['Cl', ['F'], '[$(cBr),$(cI)]'],
    ] as const
  ).map(
    ([right, others, unless]): Rule => ({
      name: 'Suzuki coupling',
      partners: BORONIC,
      agents: 'c1ccc(P(c2ccccc2)c2ccccc2)cc1.[Pd].O=C([O-])[O-].[K+].[K+]',
      right: suzuki(right),
      wrong: [
        ...others.map((other) => [suzuki(other), keeps(other, right)] as const),
        ['[cH1:1].[#6:2]B(O)O>>[c:1][#6:2]', keeps('H', right)],
      ],
      site: `[$(c${right})]`,
      unless,
    }),
  ),
  {
    name: 'aromatic substitution (SNAr)',
    partners: AMINES,
    agents: 'CCN(C(C)C)C(C)C.CS(C)=O',
    site: 'cF',
    right: '[c:1]F.[N;!H0;!$(NC=O):2]>>[c:1][N:2]',
    wrong: [
      ['[c:1]Cl.[N;!H0;!$(NC=O):2]>>[c:1][N:2]', keeps('Cl', 'F')],
      ['[c:1]Br.[N;!H0;!$(NC=O):2]>>[c:1][N:2]', keeps('Br', 'F')],
      ['[c:1][N+](=O)[O-].[N;!H0;!$(NC=O):2]>>[c:1][N:2]', keeps('nitrite', 'F')],
    ],
    unless:
      '[!$(F[c;$(c1c([N+](=O)[O-])cccc1),$(c1ccc([N+](=O)[O-])cc1),$(c1c(C#N)cccc1),$(c1ccc(C#N)cc1),$(c1ncccc1),$(c1ccncc1),$(c1ncncc1)])&$(Fc)]',
  },
  ...(
    [
      ['Br', ['Cl', 'F'], 'I'],
      ['I', ['Br', 'Cl', 'F'], '[#35]'],
      ['Cl', ['F'], '[#35,#53]'],
    ] as const
  ).map(
    ([right, others, unless]): Rule => ({
      name: 'nucleophilic substitution (SN2)',
      partners: ['[N-]=[N+]=[N-]', 'N#[C-]', 'CC(=O)[O-]', 'C[S-]', '[O-]c1ccccc1'],
      agents: 'CN(C)C=O',
      right: `[CH2X4;!$(C[#7,#8,#16]):1]${right}.[N,C,O,S;-1:2]>>[C:1][*+0:2]`,
      wrong: others.map((other) => [`[CX4:1]${other}.[N,C,O,S;-1:2]>>[C:1][*+0:2]`, keeps(other, right)]),
      site: `[CX4]${right}`,
      unless: `[$(${unless}[CX4])]`,
    }),
  ),
  {
    name: 'aminolysis of an ester',
    partners: AMINES,
    agents: 'CO',
    site: 'C(=O)[OX2][#6]',
    right: '[#6:4][C:1](=[O:2])[OX2][CX4;!$(C(=O)):3].[N;!H0:5]>>[#6:4][C:1](=[O:2])[N:5]',
    wrong: [
      [
        '[#6:4][C:1](=[O:2])[OX2:6][CX4:3].[N;!H0:5]>>[#6:4][C:1](=[O:2])[OX2:6].[C:3][N:5]',
        'the acyl-oxygen bond kept: the carboxylate left instead of the alkoxide',
      ],
      [
        '[#6:4][C:1](=[O:2])[OX2:6][CX4:3].[N;!H0:5]>>[C:3][N:5]',
        'the amine on the alkyl carbon: the carboxylate left instead of the alkoxide',
      ],
    ],
    unless: '[$(C(=O)Cl),$([CX4][Br,I]),$([CX3H1]=O),$([NX3;H2,H1;!$(NC=O);!$(Nc)])]',
  },
]

const PARA_RICH = '[$([OX2H]),$([OX2][CH3]),$([NX3;H2,H1,H0;!$(N=*);!$(NC=O)]):7]'
const META_POOR =
  '[$(C(=O)[OH]),$(C(=O)OC),$(C#N),$([N+](=O)[O-]),$(C(F)(F)F),$(S(=O)(=O)[N,O]),$([CX3H1]=O),$(C(=O)[CH3]):7]'
/** Aromatic atoms with such a group: one only, or several would direct. */
const PARA_RICH_SITE = '[$(c[OX2;!$(OC=O)]),$(c[NX3;!$(N=*);!$(NC=O);!$(N~O)]),$(cNC=O),$(cOC=O)]'
const META_POOR_SITE = '[$(cC=O),$(cC#N),$(c[N+](=O)[O-]),$(cC(F)(F)F),$(cS(=O)=O)]'
const ALKENE = '[CH2:1]=[C;H1,H0;$([C]([#6;!$(C=*)])):2]'

/** The mechanism is right, the place or the direction is not. */
export const SITES: readonly Rule[] = [
  {
    name: 'acid-catalysed hydration of an alkene (Markovnikov)',
    partners: [],
    agents: 'O=S(=O)(O)O.O',
    site: '[CX3]=[CX3]',
    right: `${ALKENE}>>[CH3:1][C:2]O`,
    wrong: [[`${ALKENE}>>[CH2:1](O)[C:2]`, 'OH on the less substituted carbon']],
  },
  {
    name: 'hydroboration and oxidation of an alkene',
    partners: [],
    agents: 'C1CCOC1.B.OO.[Na+].[OH-]',
    site: '[CX3]=[CX3]',
    right: `${ALKENE}>>[CH2:1](O)[C:2]`,
    wrong: [[`${ALKENE}>>[CH3:1][C:2]O`, 'OH on the more substituted carbon']],
    unless: '[$([CX3H1]=O),$(C#C),$([#6]C(=O)[#6])]',
  },
  {
    name: 'addition of HBr to an alkene (Markovnikov)',
    partners: [],
    agents: 'Br',
    site: '[CX3]=[CX3]',
    right: `${ALKENE}>>[CH3:1][C:2]Br`,
    wrong: [[`${ALKENE}>>[CH2:1](Br)[C:2]`, 'Br on the less substituted carbon']],
  },
  ...(
    [
      ['bromination', 'BrBr.CC(=O)O', 'Br'],
      ['chlorination', 'O=C1CCC(=O)N1Cl.CC#N', 'Cl'],
    ] as const
  ).map(
    ([what, agents, group]): Rule => ({
      name: `aromatic ${what} of an electron-rich ring`,
      partners: [],
      agents,
      site: PARA_RICH_SITE,
      right: `${PARA_RICH}-[c:1]1[c:2][c:3][cH1:4][c:5][c:6]1>>[*:7][c:1]1[c:2][c:3][c:4](${group})[c:5][c:6]1`,
      wrong: [
        [
          `${PARA_RICH}-[c:1]1[c:2][cH1:3][c:4][c:5][c:6]1>>[*:7][c:1]1[c:2][c:3](${group})[c:4][c:5][c:6]1`,
          `${group} meta to the directing group instead of para`,
        ],
      ],
      unless: '[$(C=C),$(C#C),$([SX2]),$([CX3H1]=O)]',
    }),
  ),
  {
    name: 'aromatic nitration of an electron-poor ring',
    partners: [],
    agents: 'O[N+](=O)[O-].O=S(=O)(O)O',
    site: META_POOR_SITE,
    right: `${META_POOR}-[c:1]1[cH1:2][cH1:3][c:4][cH1:5][cH1:6]1>>[*:7][c:1]1[c:2][c:3]([N+](=O)[O-])[c:4][c:5][c:6]1`,
    wrong: [
      [
        `${META_POOR}-[c:1]1[cH1:2][c:3][c:4][c:5][c:6]1>>[*:7][c:1]1[c:2]([N+](=O)[O-])[c:3][c:4][c:5][c:6]1`,
        'nitro ortho to the directing group instead of meta',
      ],
      [
        `${META_POOR}-[c:1]1[c:2][c:3][cH1:4][c:5][c:6]1>>[*:7][c:1]1[c:2][c:3][c:4]([N+](=O)[O-])[c:5][c:6]1`,
        'nitro para to the directing group instead of meta',
      ],
    ],
    unless: '[$(C=C),$(C#C),$([SX2]),$([OX2H]c),$([NX3](c)),$([OX2](c)[#6])]',
  },
  {
    name: 'selective acetylation of an amine',
    partners: [],
    agents: 'CC(=O)OC(C)=O',
    site: '[NX3;H2,H1;!$(NC=O)]',
    right: '[NX3;H2,H1;!$(NC=O);!$(NS(=O)=O);!$(N~[#7,#8]);!$(NC=[N,S]):1]>>[N:1]C(C)=O',
    wrong: [
      ['[OX2H1;$(O[#6;!$(C=O)]):1]>>[O:1]C(C)=O', 'the oxygen acetylated instead of the nitrogen'],
      ['[SX2H1:1]>>[S:1]C(C)=O', 'the sulfur acetylated instead of the nitrogen'],
    ],
  },
  {
    name: 'reduction of a ketone or aldehyde by sodium borohydride',
    partners: [],
    agents: '[Na+].[BH4-].CO',
    site: '[CX3;$(C([#6])([#6])=O),$([CX3H1]([#6])=O)]',
    right: '[#6:1][CX3;$(C([#6])([#6])=O),$([CX3H1]([#6])=O):2](=[O:3])>>[#6:1][C:2]([OH1:3])',
    wrong: [
      ['[C:1](=[O:2])[OX2][#6:3]>>[CH2:1][OH1:2]', 'the ester reduced instead of the ketone or aldehyde'],
      ['[C:1]#[N:2]>>[CH2:1][NH2:2]', 'the nitrile reduced instead of the ketone or aldehyde'],
      ['[c:1][N+](=O)[O-]>>[c:1][NH2]', 'the nitro group reduced instead of the ketone or aldehyde'],
      ['[CX3:4](=[O:5])[NX3:6]>>[CH2:4][N:6]', 'the amide reduced instead of the ketone or aldehyde'],
    ],
    unless: '[$(C(=O)C=C),$(C(=O)C(=O)),$(C1(=O)C=CC(=O)C=C1),$(C(=O)Cl)]',
  },
  {
    name: 'dehydration of an alcohol (Zaitsev)',
    site: '[CX4][OX2H1]',
    partners: [],
    agents: 'O=S(=O)(O)O',
    right:
      '[CH3:1][CX4;!$(C(O)O):2]([OX2H1])[CH2,CH1;!$(C[#7,#8,#9,#17,#35]);!$(CC=O);!$(Cc):3]-[#6;!$(C=*):4]>>[C:1][C:2]=[C:3][#6:4]',
    wrong: [
      [
        '[CH3:1][CX4:2]([OX2H1])[CH2,CH1:3]-[#6:4]>>[CH2:1]=[C:2][C:3][#6:4]',
        'the double bond to the less substituted carbon',
      ],
    ],
  },
  {
    name: 'opening of an epoxide by methoxide',
    partners: [],
    agents: '[Na+].C[O-].CO',
    site: 'C1OC1',
    right: '[CH2X4:1]1[O:2][CX4:3]1[#6:4]>>[CH2:1](OC)[C:3]([OH1:2])[#6:4]',
    wrong: [
      ['[CH2X4:1]1[O:2][CX4:3]1[#6:4]>>[CH2:1]([OH1:2])[C:3](OC)[#6:4]', 'methoxy on the more substituted carbon'],
    ],
    unless: '[$(C(=O)O[#6]),$([CX4][Br,I,Cl])]',
  },
  {
    name: 'alkylation of a phenol',
    partners: [],
    agents: 'CI.O=C([O-])[O-].[K+].[K+].CC(C)=O',
    site: 'c[OX2H1]',
    right: '[c:1][OX2H1:2]>>[c:1][O:2]C',
    wrong: [
      ['[CX4:1][OX2H1:2]>>[C:1][O:2]C', 'the alcohol methylated instead of the phenol'],
      ['[CX3:1](=[O:3])[NX3;H1,H2:2]>>[C:1](=[O:3])[N:2]C', 'the amide methylated instead of the phenol'],
      ['[c:4][cH1:1][c:3]([OX2H1])>>[c:4][c:1](C)[c:3](O)', 'a ring carbon methylated instead of the oxygen'],
    ],
    unless: '[$(C(=O)[OH]),$([SX2H1]),$([NX3;H2,H1;!$(NC=O)][CX4])]',
  },
]

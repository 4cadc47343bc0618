import { rivals } from './rivals.ts'
import type { Rule } from './rule.ts'

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
/** Couples by palladium before an aryl halide, poisons it, or takes the base. */
const COUPLES_TOO = [
  'acidHalide',
  'sulfonylHalide',
  'isocyanate',
  'sulfinylamine',
  'alkylHalide',
  'activatedChloride',
  'vinylHalide',
  'triflate',
  'alkyne',
  'thiol',
  'thione',
  'diazo',
] as const
/** Takes an amine, or another nucleophile, before the site does. */
const ELECTROPHILES = [
  'acidHalide',
  'sulfonylHalide',
  'anhydride',
  'isocyanate',
  'sulfinylamine',
  'epoxide',
  'alkylSulfonate',
  'acceptor',
  'carbonyl',
  'diazo',
] as const
const keeps = (leaving: string, staying: string): string => `${leaving} left instead of ${staying}`

/** The wrong group leaves. */
export const LEAVING_GROUPS: readonly Rule[] = [
  ...(
    [
      ['Br', ['Cl', 'F'], '$(cI)'],
      ['I', ['Br', 'Cl', 'F'], '#35X2'],
      ['Cl', ['F'], '$(cBr),$(cI)'],
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
      unless: rivals(COUPLES_TOO, unless),
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
    unless: rivals(
      [...ELECTROPHILES, 'alkylHalide', 'activatedChloride', 'carboxylicAcid', 'thiol', 'phenol', 'alkylAmineNH'],
      '!$(F[c;$(c1c([N+](=O)[O-])cccc1),$(c1ccc([N+](=O)[O-])cc1),$(c1c(C#N)cccc1),$(c1ccc(C#N)cc1),$(c1ncccc1),$(c1ccncc1),$(c1ncncc1)])&$(Fc)',
    ),
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
      unless: rivals(
        [...ELECTROPHILES, 'carboxylicAcid', 'thiol', 'phenol', 'alkylamine', 'acidicNH', 'activatedArylHalide'],
        `$(${unless}[CX4])`,
        '$([CX4]([Cl,Br,I])[CX4;!H0][$(C=O),$(C#N),$([N+](=O)[O-]),$(S=O)])',
      ),
    }),
  ),
  {
    // no lactones: their alkoxide stays on the product
    name: 'aminolysis of an ester',
    partners: AMINES,
    agents: 'CO',
    site: 'C(=O)[OX2][#6]',
    right: '[#6:4][C:1](=[O:2])[OX2;!R][CX4;!$(C(=O)):3].[N;!H0:5]>>[#6:4][C:1](=[O:2])[N:5]',
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
    unless: rivals(
      [
        ...ELECTROPHILES,
        'imide',
        'alkylHalide',
        'alkylChloride',
        'activatedArylHalide',
        'sulfonicAcid',
        'carboxylicAcid',
        'thiol',
        'hinderedEster',
        'alkylAmineNH',
      ],
      '$(C(=O)S)',
    ),
  },
]

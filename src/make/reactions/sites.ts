import { rivals } from './rivals.ts'
import type { Rule } from './rule.ts'

const PARA_RICH = '[$([OX2H]),$([OX2][CH3]),$([NX3;H2,H1,H0;!$(N=*);!$(NC=O)]):7]'
const META_POOR =
  '[$(C(=O)[OH]),$(C(=O)OC),$(C#N),$([N+](=O)[O-]),$(C(F)(F)F),$(S(=O)(=O)[N,O]),$([CX3H1]=O),$(C(=O)[CH3]):7]'
/** Aromatic atoms with such a group: one only, or several would direct. */
const PARA_RICH_SITE = '[$(c[OX2;!$(OC=O)]),$(c[NX3;!$(N=*);!$(NC=O);!$(N~O)]),$(cNC=O),$(cOC=O)]'
const META_POOR_SITE = '[$(cC=O),$(cC#N),$(c[N+](=O)[O-]),$(cC(F)(F)F),$(cS(=O)=O)]'
/** An acid adds the other way round, rearranges, or reacts with another group. */
const ADDS_OTHERWISE = [
  'acceptor',
  'vinylHetero',
  'migrating',
  'epoxide',
  'alkyne',
  'cationicAlcohol',
  'acidLabile',
  'isocyanate',
  'acidHalide',
  'carboxylicAcid',
  'closing',
  'peroxide',
] as const
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
    unless: rivals(ADDS_OTHERWISE),
  },
  {
    name: 'hydroboration and oxidation of an alkene',
    partners: [],
    agents: 'C1CCOC1.B.OO.[Na+].[OH-]',
    site: '[CX3]=[CX3]',
    right: `${ALKENE}>>[CH2:1](O)[C:2]`,
    wrong: [[`${ALKENE}>>[CH3:1][C:2]O`, 'OH on the more substituted carbon']],
    // borane reduces acids, amides, imines and nitriles, too
    unless: rivals(
      [
        'acceptor',
        'vinylHetero',
        'alkyne',
        'carbonyl',
        'carboxylicAcid',
        'acidHalide',
        'imine',
        'nitrile',
        'epoxide',
        'thione',
        'isocyanate',
        'alkylamine',
        'peroxide',
      ],
      '$(C(=O)N)',
    ),
  },
  {
    name: 'addition of HBr to an alkene (Markovnikov)',
    partners: [],
    agents: 'Br',
    site: '[CX3]=[CX3]',
    right: `${ALKENE}>>[CH3:1][C:2]Br`,
    wrong: [[`${ALKENE}>>[CH2:1](Br)[C:2]`, 'Br on the less substituted carbon']],
    unless: rivals(ADDS_OTHERWISE),
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
      unless: rivals(
        [
          'alkene',
          'alkyne',
          'thione',
          'isocyanate',
          'imine',
          'enolizable',
          'acidicCH',
          'hydrazine',
          'alkylAmineNH',
          'heteroaromatic',
          'epoxide',
          'peroxide',
          'acidHalide',
        ],
        '$([SX2])',
        '$([CX3H1]=O)',
      ),
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
    // any other ring is richer, and would be nitrated first
    unless: rivals(
      [
        'alkene',
        'alkyne',
        'alcohol',
        'alkylAmineNH',
        'hydrazine',
        'imine',
        'epoxide',
        'acidLabile',
        'heteroaromatic',
        'isocyanate',
        'peroxide',
      ],
      '$([SX2])',
      '$([OX2H]c)',
      '$([NX3](c))',
      '$([OX2](c)[#6,#16])',
      '$([NX2]=O)',
    ),
    once: 'a1aaaaa1',
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
    // nitrogens that are no better nucleophiles than a phenol
    unless: rivals(
      [
        'diarylamine',
        'nitroaniline',
        'enamine',
        'imine',
        'hydrazine',
        'acidHalide',
        'sulfonylHalide',
        'isocyanate',
        'epoxide',
      ],
      '$([CX3H1]=O)',
      '$([NX3;!H0][CX4;H0])',
    ),
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
    unless: rivals(
      ['acceptor', 'acidHalide', 'sulfonylHalide', 'anhydride', 'imide', 'imine', 'isocyanate', 'alkylHalide', 'diazo'],
      '$(C(=O)C=C)',
      '$(C(=O)C=O)',
      '$(C(=O)S)',
    ),
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
    unless: rivals(['alkene', 'alkyne', 'epoxide', 'acidLabile', 'imine', 'nitrile'], '$([CX3]=O)'),
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
    unless: rivals(
      [
        'alkylHalide',
        'alkylChloride',
        'alkylSulfonate',
        'phenol',
        'thiol',
        'carboxylicAcid',
        'acceptor',
        'carbonyl',
        'activatedArylHalide',
        'acidHalide',
        'isocyanate',
        'acidicNH',
        'acidicCH',
        'imide',
      ],
      '$(C(=O)O[#6])',
    ),
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
    unless: rivals([
      'carboxylicAcid',
      'thiol',
      'thione',
      'alkylamine',
      'azine',
      'imine',
      'hydrazine',
      'acidicNH',
      'acidicCH',
      'phosphine',
      'alkylHalide',
      'epoxide',
      'acidHalide',
      'sulfonylHalide',
      'isocyanate',
    ]),
  },
]

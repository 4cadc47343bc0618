/**
 * Functional groups, substituents and rings by name, each with two SMARTS patterns: `narrow`, what every chemist calls by that name, and
 * `broad`, what some do. "Has an amine" passes where the narrow pattern matches, fails where the broad one does not, and is unverifiable in
 * between; a count passes where both patterns are found that often and fails where it is outside both.
 */
export interface Group {
  readonly name: string
  readonly narrow: string
  readonly broad: string
  /** False where the matches of the pattern are not the number that a chemist counts. */
  readonly countable: boolean
  /** What the broad pattern finds is how most count it: a number that is it passes. */
  readonly prefersBroad: boolean
  /** "Is an alcohol": the name is also a class of molecules. */
  readonly isClass: boolean
}

/** Singular names; the first is how a reason calls it. `-` behind a name list: not countable; `class`: also a class of molecules; `high`: prefersBroad. */
const TABLE: readonly (readonly [names: string, narrow: string, broad: string, traits?: string])[] = [
  ['alcohol', '[OX2H][CX4;!$(C([OX2H])[O,S,#7,#15])]', '[OX2H;!$([OX2H]-[#6]=[OX1]);!$([OX2H]-[!#6])]', 'class'],
  ['hydroxyl, hydroxy, oh', '[OX2H;$([OX2H]-[#6;!$([#6]=[O,N,S])])]', '[OX2H,OX1-]'],
  ['primary alcohol, primary hydroxyl', '[OX2H][CX4H2][#6]', '[OX2H][CX4;H2,H3]', 'class'],
  ['secondary alcohol, secondary hydroxyl', '[OX2H][CX4H1]([#6])[#6]', '[OX2H][CX4H1]', 'class'],
  ['tertiary alcohol, tertiary hydroxyl', '[OX2H][CX4H0]([#6])([#6])[#6]', '[OX2H][CX4H0]', 'class'],
  ['phenol, phenolic hydroxyl, phenolic oh', '[OX2H]c1[c,n][c,n][c,n][c,n][c,n]1', '[OX2H,OX1-][#6;a]', 'class'],
  [
    'carboxylic acid, carboxyl, carboxylic, cooh, co2h, carboxylic acid group',
    '[CX3;$(C-[#6]),$([CH])](=[OX1])[OX2H]',
    '[#6](=[OX1])[OX2H,OX1-]',
    'class',
  ],
  ['acid', '[CX3](=[OX1])[OX2H]', '[#5,#7,#8,#9,#15,#16,#17,#35,#53;!H0,-1]', 'class'],
  ['carboxylate, coo-', '[CX3](=[OX1])[OX1-]', '[#6](=[OX1])[OX2H,OX1-]'],
  [
    'ester',
    '[CX3;$(C-[#6]),$([CH])](=[OX1])[OX2H0][#6;!$([#6]=[O,S,N])]',
    '[$([#6](=[O,S])~[#8,#16;X2;H0]),$([#15]-[#8X2H0]),$([#16](=O)-[#8X2H0]),$([#7](=O)[#8X2]),$([#5]-[#8X2])]',
    'class',
  ],
  ['methyl ester', '[CX3;$(C-[#6]),$([CH])](=[OX1])[OX2][CH3]', '[#6,#15,#16](=O)[OX2][CH3]', 'class'],
  ['ethyl ester', '[CX3;$(C-[#6]),$([CH])](=[OX1])[OX2][CX4H2][CH3]', '[#6,#15,#16](=O)[OX2][CX4H2][CH3]', 'class'],
  ['acetyl ester, acetate ester', '[CX3;$(C-[CH3])](=[OX1])[OX2H0][#6]', '[CH3][CX3](=O)[#8]', 'class'],
  ['lactone', '[CX3;R](=[OX1])[OX2;R][#6]', '[#6;R](=[O,S])[#8,#16;R]', 'class'],
  [
    'amide',
    '[CX3;$(C-[#6]),$([CH])](=[OX1])[NX3;!$(N(-C=O)-C=[O,S,N]);!$(N-[!#6;!#1])]',
    '[$([#6](=[O,S])~[#7]),$([#16](=O)-[#7]),$([#15]-[#7])]',
    'class',
  ],
  ['primary amide', '[CX3;$(C-[#6]),$([CH])](=[OX1])[NX3H2]', '[#7;H2,H3,-1]', 'class'],
  [
    'secondary amide',
    '[CX3;$(C-[#6]),$([CH])](=[OX1])[NX3H1;!$(N(-C=O)-C=[O,S,N])]-[#6]',
    '[#7;H1,-1,$([#7H2+])]',
    'class',
  ],
  ['tertiary amide', '[CX3;$(C-[#6]),$([CH])](=[OX1])[NX3H0;!$(N(-C=O)-C=[O,S,N])](-[#6])-[#6]', '[#7;H0]', 'class'],
  ['lactam', '[CX3;R](=[OX1])[NX3;R;!$(N(-C=O)-C=[O,S,N])]', '[#6;R](=[O,S])[#7;R]', 'class'],
  [
    'amine',
    '[NX3;+0;$(N-[#6]);!$(N-[!#6;!#1]);!$(N-[#6]=[O,S,N]);!$(N-C#N)]',
    '[#7;!$([#7]-[#6]=[O,S]);!$([#7](~[O])~[O]);!$([#7]#[#6])]',
    'class',
  ],
  [
    'primary amine, primary amino',
    '[NX3;H2;+0;$(N-[#6]);!$(N-[#6]=[O,S,N])]',
    '[#7;H2,H3;!$([#7]-[#6]=[O,S])]',
    'class',
  ],
  [
    'amino, nh2',
    '[NX3;H2;+0;$(N-[#6]);!$(N-[#6]=[O,S,N])]',
    '[#7;!$([#7]-[#6]=[O,S]);!$([#7](~[O])~[O]);!$([#7]#[#6]);H1,H2,H3,+]',
    'class',
  ],
  [
    'secondary amine, secondary amino',
    '[NX3;H1;+0;$(N(-[#6])-[#6]);!$(N-[#6]=[O,S,N])]',
    '[#7;H1,$([#7H2+]);!$([#7]-[#6]=[O,S])]',
    'class',
  ],
  [
    'tertiary amine, tertiary amino',
    '[NX3;H0;+0;$(N(-[#6])(-[#6])-[#6]);!$(N-[#6]=[O,S,N])]',
    '[#7;X3,X4;H0,$([#7H1+]);!$([#7]-[#6]=[O,S])]',
    'class',
  ],
  ['aniline', '[NX3;H2;$(N-c1ccccc1)]', '[#7;$([#7]-[#6;a])]'],
  ['quaternary ammonium', '[NX4;+;H0;$(N(-[#6])(-[#6])(-[#6])-[#6])]', '[#7;+]'],
  ['ketone', '[CX3;$(C(=[OX1])(-[#6])-[#6])]', '[#6;X3;$([#6](=[OX1])(~[#6])~[#6]),$([#6;a]=[OX1])]', 'class'],
  ['aldehyde, formyl, cho', '[CX3;$([CH1](=[OX1])-[#6]),$([CH2]=[OX1])]', '[CX3;H1,H2;$(C=[OX1])]', 'class'],
  ['carbonyl, c=o, c=o bond, c=o double bond, carbon-oxygen double bond', '[#6]=[OX1]', '[#6]=[OX1]'],
  [
    'ether',
    '[OX2H0;!r3;$(O(-[#6;!$([#6]=[O,S,N]);!$([CX4](-[OX2])-[OX2])])-[#6;!$([#6]=[O,S,N]);!$([CX4](-[OX2])-[OX2])])]',
    '[#8X2H0;!$([#8]-[CX3]=[OX1])]',
    'class',
  ],
  ['epoxide', '[OX2;r3;$(O1[#6][#6]1)]', '[#8;r3]', 'class'],
  ['nitrile, cyano', '[CX2;$(C(#[NX1])-[#6])]', '[#6]#[#7]', 'class'],
  ['nitro, no2', '[NX3;$([N+](=O)([O-])-[#6]),$(N(=O)(=O)-[#6])]', '[#7;$([#7](~[OX1])~[OX1])]'],
  ['imine, schiff base', '[CX3;!$(C-[#7,#8,#16])]=[NX2;!$(N-[!#6;!#1])]', '[#6]=,:[#7]', 'class'],
  ['sulfonamide, sulphonamide', '[SX4;$(S(=O)(=O)(-[#6])-[NX3])]', '[#16;$([#16](=O)(=O)~[#7])]', 'class'],
  ['sulfone, sulphone', '[SX4;$(S(=O)(=O)(-[#6])-[#6])]', '[#16;$([#16](=O)=O)]', 'class'],
  ['sulfonyl', '[SX4;$(S(=O)=O)]', '[#16;$([#16](=O)=O)]'],
  ['sulfoxide, sulphoxide', '[SX3;$(S(=O)(-[#6])-[#6])]', '[#16;$([#16]=O),$([#16+]-[O-])]', 'class'],
  ['sulfonic acid', '[SX4;$(S(=O)(=O)(-[#6])-[OX2H])]', '[#16;$([#16](=O)(=O)[O;H1,-])]', 'class'],
  ['thiol, sulfhydryl, mercapto, sh', '[SX2H;$(S-[#6])]', '[#16;H1,-]', 'class'],
  ['thioether, sulfide', '[SX2;H0;$(S(-[#6;!$([#6]=[O,S,N])])-[#6;!$([#6]=[O,S,N])])]', '[#16X2H0]', 'class'],
  ['disulfide', '[SX2;$(S-[#6])][SX2;$(S-[#6])]', '[#16]~[#16]', 'class'],
  ['thioester', '[CX3](=[OX1])[SX2][#6]', '[#6](=[O,S])[#16]', 'class'],
  ['alkyl halide, haloalkane', '[F,Cl,Br,I;$([*]-[CX4])]', '[F,Cl,Br,I]', 'class'],
  ['halide, organohalide, organic halide', '[F,Cl,Br,I;$([*]-[#6])]', '[F,Cl,Br,I]', 'class'],
  ['alkyl chloride', '[Cl;$([*]-[CX4])]', '[Cl]', 'class'],
  ['alkyl bromide', '[Br;$([*]-[CX4])]', '[Br]', 'class'],
  ['aryl halide, haloarene', '[F,Cl,Br,I;$([*]-[#6;a])]', '[F,Cl,Br,I;$([*]~[#6;!X4])]', 'class'],
  ['aryl chloride', '[Cl;$([*]-[#6;a])]', '[Cl]', 'class'],
  ['aryl bromide', '[Br;$([*]-[#6;a])]', '[Br]', 'class'],
  ['aryl fluoride', '[F;$([*]-[#6;a])]', '[F]', 'class'],
  ['alkene, olefin', '[CX3]=[CX3]', '[C]=[C]', 'class'],
  ['alkyne', '[CX2]#[CX2]', '[#6]#[#6]', 'class'],
  ['terminal alkyne', '[CX2H]#[CX2]', '[CX2H]#[CX2]', 'class'],
  ['urea', '[CX3;$(C(=[OX1])(-[NX3])-[NX3])]', '[#6;$([#6](=[O,S,N])(~[#7])~[#7])]'],
  ['carbamate, urethane', '[CX3;$(C(=[OX1])(-[NX3])-[OX2H0])]', '[#6;$([#6](=[O,S])(~[#7])~[#8,#16])]', 'class'],
  ['imide', '[NX3;$(N(-C=[OX1])-C=[OX1])]', '[#7;$([#7](~[#6]=[O,S,N])~[#6]=[O,S,N])]', 'class'],
  ['acid anhydride, anhydride', '[OX2;$(O(-[CX3]=[OX1])-[CX3]=[OX1])]', '[#8;$([#8](~[*]=O)~[*]=O)]', 'class'],
  [
    'acid chloride, acyl chloride, carboxylic acid chloride',
    '[CX3;$(C(=[OX1])(-[Cl])-[#6])]',
    '[*;$([*](=O)-[F,Cl,Br,I])]',
    'class',
  ],
  ['azide', '[NX2;$(N(-[#6])=[N+]=[N-])]', '[#7]~[#7]~[#7]', 'class -'],
  ['isocyanate', '[NX2;$(N(-[#6])=C=[OX1])]', '[#7]~[#6]~[#8]', 'class'],
  ['azo', '[NX2;$(N-[#6])]=[NX2;$(N-[#6])]', '[#7]~[#7]'],
  ['boronic acid', '[BX3;$(B(-[OX2H])-[OX2H])]', '[#5]', 'class'],
  ['phosphate', '[PX4;$(P(=O)(-[#8])(-[#8])-[#8])]', '[#15]', 'class'],
  ['guanidine', '[CX3;$(C(=[NX2])(-[NX3])-[NX3])]', '[#6;$([#6](~[#7])(~[#7])~[#7])]'],
  // substituents
  ['methyl, ch3', '[CX4H3;$(C-[#6;!$([CX4H2])]),$(C-[#7])]', '[#6H3;$([#6]-[!#1])]', 'high'],
  ['methoxy, och3, ome', '[CX4H3;$(C-[OX2]-[#6;!$([#6]=O)])]', '[CX4H3;$(C-[#8])]'],
  ['ethoxy', '[CX4H3;$(C-[CX4H2]-[OX2]-[#6;!$([#6]=O)])]', '[CX4H3;$(C-[CX4H2]-[#8])]'],
  ['tert-butyl, t-butyl', '[CX4;$(C(-[CH3])(-[CH3])(-[CH3])-[*])]', '[#6;$([#6](-[CH3])(-[CH3])-[CH3])]'],
  ['isopropyl', '[CX4H1;$(C(-[CH3])(-[CH3])-[!$([CH3])])]', '[#6;$([#6](-[CH3])-[CH3])]'],
  ['trifluoromethyl, cf3', '[CX4;$(C(-F)(-F)-F)]', '[#6;$([#6](-F)(-F)-F)]'],
  ['trichloromethyl, ccl3', '[CX4;$(C(-Cl)(-Cl)-Cl)]', '[#6;$([#6](-Cl)(-Cl)-Cl)]'],
  ['phenyl', '[!#1]-!@c1[cH][cH][cH][cH][cH]1', 'c1ccccc1'],
  ['acetyl', '[CX3;$(C(=[OX1])(-[CH3])-[!$([CH3])])]', '[CX3;$(C(=[OX1])-[CH3])]'],
  ['vinyl', '[CX3H2;$(C=[CX3H1]-[*])]', '[#6;H2;$([#6]=[#6])]'],
  ['chloro', '[Cl;$([*]-[#6])]', '[#17]'],
  ['bromo', '[Br;$([*]-[#6])]', '[#35]'],
  ['fluoro', '[F;$([*]-[#6])]', '[#9]'],
  ['iodo', '[I;$([*]-[#6])]', '[#53]'],
  // rings: each set of atoms is counted once
  ['benzene ring, benzene, phenyl ring', 'c1ccccc1', 'c1ccccc1'],
  ['pyridine ring, pyridine', 'n1ccccc1', 'n1ccccc1'],
  ['pyrimidine ring, pyrimidine', 'n1cnccc1', 'n1cnccc1'],
  ['pyrazine ring, pyrazine', 'n1ccncc1', 'n1ccncc1'],
  ['pyrrole ring, pyrrole', '[nX3]1[cR1][cR1][cR1][cR1]1', '[#7]1~[#6]~[#6]~[#6]~[#6]1'],
  ['furan ring, furan', 'o1[cR1][cR1][cR1][cR1]1', '[#8]1~[#6]~[#6]~[#6]~[#6]1'],
  ['thiophene ring, thiophene', 's1[cR1][cR1][cR1][cR1]1', '[#16]1~[#6]~[#6]~[#6]~[#6]1'],
  ['imidazole ring, imidazole', 'n1[cR1]n[cR1][cR1]1', '[#7]1~[#6]~[#7]~[#6]~[#6]1'],
  ['pyrazole ring, pyrazole', 'n1n[cR1][cR1][cR1]1', '[#7]1~[#7]~[#6]~[#6]~[#6]1'],
  ['thiazole ring, thiazole', 's1[cR1]n[cR1][cR1]1', '[#16]1~[#6]~[#7]~[#6]~[#6]1'],
  ['oxazole ring, oxazole', 'o1[cR1]n[cR1][cR1]1', '[#8]1~[#6]~[#7]~[#6]~[#6]1'],
  [
    'indole ring, indole, indole ring system',
    'c1ccc2c(c1)cc[nX3]2',
    '[#6]1~[#6]~[#6]~[#6]2~[#6](~[#6]1)~[#6]~[#6]~[#7]2',
  ],
  ['quinoline ring, quinoline', 'c1ccc2c(c1)cccn2', '[#6]1~[#6]~[#6]~[#6]2~[#6](~[#6]1)~[#6]~[#6]~[#6]~[#7]2'],
  [
    'naphthalene ring, naphthalene, naphthalene ring system',
    'c1ccc2ccccc2c1',
    '[#6]1~[#6]~[#6]~[#6]2~[#6]~[#6]~[#6]~[#6]~[#6]2~[#6]1',
  ],
  ['piperidine ring, piperidine', '[NX3R1]1[CX4R1][CX4R1][CX4R1][CX4R1][CX4R1]1', '[#7]1~[#6]~[#6]~[#6]~[#6]~[#6]1'],
  ['piperazine ring, piperazine', '[NX3R1]1[CX4R1][CX4R1][NX3R1][CX4R1][CX4R1]1', '[#7]1~[#6]~[#6]~[#7]~[#6]~[#6]1'],
  ['morpholine ring, morpholine', '[NX3R1]1[CX4R1][CX4R1][OX2R1][CX4R1][CX4R1]1', '[#7]1~[#6]~[#6]~[#8]~[#6]~[#6]1'],
  ['pyrrolidine ring, pyrrolidine', '[NX3R1]1[CX4R1][CX4R1][CX4R1][CX4R1]1', '[#7]1~[#6]~[#6]~[#6]~[#6]1'],
  [
    'cyclohexane ring, cyclohexane, cyclohexyl',
    '[CX4R1]1[CX4R1][CX4R1][CX4R1][CX4R1][CX4R1]1',
    '[#6]1~[#6]~[#6]~[#6]~[#6]~[#6]1',
  ],
  [
    'cyclopentane ring, cyclopentane, cyclopentyl',
    '[CX4R1]1[CX4R1][CX4R1][CX4R1][CX4R1]1',
    '[#6]1~[#6]~[#6]~[#6]~[#6]1',
  ],
  ['cyclobutane ring, cyclobutane', '[CX4]1[CX4][CX4][CX4]1', '[#6]1~[#6]~[#6]~[#6]1'],
  ['cyclopropane ring, cyclopropane, cyclopropyl', '[CX4]1[CX4][CX4]1', '[#6]1~[#6]~[#6]1'],
  ['tetrahydrofuran ring, tetrahydrofuran', '[OX2R1]1[CX4R1][CX4R1][CX4R1][CX4R1]1', '[#8]1~[#6]~[#6]~[#6]~[#6]1'],
]

export const GROUPS: ReadonlyMap<string, Group> = new Map(
  TABLE.flatMap(([names, narrow, broad, traits = '']) => {
    const all = names.split(', ')
    const group: Group = {
      name: all[0]!,
      narrow,
      broad,
      countable: !traits.includes('-'),
      prefersBroad: traits.includes('high'),
      isClass: traits.includes('class'),
    }
    return all.map((name) => [name, group] as const)
  }),
)

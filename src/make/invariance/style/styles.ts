import type { Molecule } from '../../../chem/toolkit/molecule.ts'
import { compose, type Envelope } from '../envelope.ts'
import type { Transformation } from '../transformation.ts'

/** The answer alone, no thought: in the tags that it needs where it has tags. */
export const styleBare: Transformation = {
  name: 'style_bare',
  family: 'style',
  same: true,
  make({ envelope }) {
    if (envelope.thought === null) return 'no_thought'
    if (envelope.thought.trim() === '') return 'bare_already'
    return [compose(envelope, { thought: '' })]
  },
}

/** One sentence on the molecule in place of the thought. */
export const styleExplained: Transformation = {
  name: 'style_explained',
  family: 'style',
  same: true,
  make: ({ envelope, molecule }) =>
    molecule === null ? 'answer_is_no_molecule' : [inWords(envelope, facts(molecule)[0]!)],
}

/** Five or six sentences on it: every one is true, by RDKit. */
export const styleVerbose: Transformation = {
  name: 'style_verbose',
  family: 'style',
  same: true,
  make: ({ envelope, molecule }) =>
    molecule === null ? 'answer_is_no_molecule' : [inWords(envelope, facts(molecule).join(' '))],
}

/** In the place of the thought; where a completion has none, before its answer, which is then marked. */
function inWords(envelope: Envelope, words: string): string {
  if (envelope.thought !== null) return compose(envelope, { thought: words })
  if (envelope.form === 'bare') return `${words}\n\n<answer>${envelope.answer}</answer>`
  return `${words}\n\n${compose(envelope, {})}`
}

/** What is true of the molecule, shortest use first. */
function facts({ formula, descriptors, graph }: Molecule): readonly string[] {
  const of = (name: string): number => descriptors[name] ?? 0
  const atoms = graph.atoms.filter(({ z }) => z > 1).length
  // the smallest set; RDKit's NumRings has 4 for adamantane
  const rings = graph.bonds.length - graph.atoms.length + graph.components
  return [
    `The molecule has the formula ${formula} and ${plural(rings, 'ring')}.`,
    `It has ${plural(atoms, 'atom')} other than hydrogen.`,
    ...(rings === 0
      ? []
      : [`Of its rings ${of('NumAromaticRings')} ${of('NumAromaticRings') === 1 ? 'is' : 'are'} aromatic.`]),
    `Its molar mass is ${of('amw').toFixed(1)} g/mol.`,
    `It has ${plural(of('NumHBD'), 'hydrogen-bond donor')} and ${plural(of('NumHBA'), 'acceptor')}.`,
    `It has ${plural(of('NumRotatableBonds'), 'rotatable bond')}.`,
  ]
}

const plural = (n: number, noun: string): string => `${n === 0 ? 'no' : n} ${noun}${n === 1 ? '' : 's'}`

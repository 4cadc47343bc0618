import { saltOf } from '../edits/salt.ts'
import type { Contrast, Kind } from '../kind.ts'
import { editableOf, editedMolecule, problemsOf } from '../subject.ts'

/** A salt against its organic ion alone, and, as often, the ion's neutral form against its salt. */
export const counterIon: Kind = {
  name: 'counter_ion',
  title: 'a counter-ion lost, or one too many',
  hard: true,
  *contrasts(subject, random) {
    const given = editedMolecule(subject)
    if (given === null) return
    const { mols } = subject.chemistry
    for (const salt of saltOf(given, random)) {
      const whole = editableOf(salt.whole, subject.chemistry)
      const alone = mols.read(salt.without)?.canonical
      if (whole === null || alone === undefined) continue
      const lost = whole.molecule.canonical === given.molecule.canonical || random() < 0.5
      const molecule = lost ? whole : given
      const [wrong, changed] = lost
        ? [alone, `counter-ion ${salt.ion} lost`]
        : [whole.molecule.canonical, `counter-ion ${salt.ion} added`]
      for (const problem of problemsOf(subject, molecule, ['formula', 'simple_formula', 'groups'], random)) {
        const contrast: Contrast =
          problem.form === 'formula'
            ? { problem, right: problem.answer, wrong: mols.read(wrong)!.formula, changed }
            : { problem, right: problem.answer, wrong, changed }
        yield contrast
      }
    }
  },
}

import { codeFence } from './format/code-fence.ts'
import { otherTags } from './format/other-tags.ts'
import { thoughtLonger, thoughtShorter } from './format/thought-length.ts'
import { ch2, counterIon, elementSwap, isomer, regioIsomer, stereoInversion } from './molecule/edited.ts'
import { isotope } from './molecule/isotope.ts'
import { bracketHydrogens } from './spelling/bracket-hydrogens.ts'
import { explicitHydrogens } from './spelling/explicit-hydrogens.ts'
import { kekule } from './spelling/kekule.ts'
import { partOrder } from './spelling/part-order.ts'
import { smilesOrder } from './spelling/smiles-order.ts'
import { styleBare, styleExplained, styleVerbose } from './style/styles.ts'
import type { Transformation } from './transformation.ts'

/** Every transformation, in the order in which a group has them. */
export const TRANSFORMATIONS: readonly Transformation[] = [
  smilesOrder,
  kekule,
  bracketHydrogens,
  explicitHydrogens,
  partOrder,
  codeFence,
  otherTags,
  thoughtShorter,
  thoughtLonger,
  styleBare,
  styleExplained,
  styleVerbose,
  stereoInversion,
  ch2,
  elementSwap,
  regioIsomer,
  isomer,
  counterIon,
  isotope,
]

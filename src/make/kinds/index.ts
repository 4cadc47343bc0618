import type { Kind } from '../kind.ts'
import { ch2 } from './ch2.ts'
import { counterIon } from './counter-ion.ts'
import { elementSwap } from './element-swap.ts'
import { formatBreak } from './format-break.ts'
import { hedged } from './hedged.ts'
import { isomer } from './isomer.ts'
import { leavingGroup } from './leaving-group.ts'
import { offByOne } from './off-by-one.ts'
import { promptCopied } from './prompt-copied.ts'
import { regioIsomer } from './regio-isomer.ts'
import { stereoInversion } from './stereo-inversion.ts'
import { verboseWrong } from './verbose-wrong.ts'
import { wrongProduct } from './wrong-product.ts'

/** Every kind of pair that is made from molecules, reactions and rows. A new one is a file here and a line below. */
export const KINDS: ReadonlyMap<string, Kind> = new Map(
  [
    stereoInversion,
    ch2,
    regioIsomer,
    elementSwap,
    isomer,
    leavingGroup,
    wrongProduct,
    counterIon,
    offByOne,
    formatBreak,
    hedged,
    verboseWrong,
    promptCopied,
  ].map((kind) => [kind.name, kind]),
)

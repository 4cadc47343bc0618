import { linear as linearOf } from '../archs/names.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { firstArchitecture } from '../config.ts'
import { linear } from '../ops.ts'
import type { Linear } from '../spec.ts'
import { castFrom } from '../weights.ts'
import { type Head, labelsOf, PLAIN_TEXT } from './head.ts'

const WEIGHT = 'score.weight'

/** transformers' …ForSequenceClassification of decoders: scores = W h, a number per label. A bias in the file is used. */
export const score: Head = {
  name: 'score',
  kind: 'head',
  claims: ({ tensors }) => tensors.has(WEIGHT),
  open(checkpoint, { hidden }) {
    const { names: labels, notes } = labelsOf(checkpoint, WEIGHT)
    const head: Linear = {
      ...linearOf('score', hidden, labels.length, false),
      bias: { name: 'score.bias', optional: true },
    }
    const unknown = unknownClass(checkpoint)
    const said = unknown === null ? notes : [...notes, unknown]
    return {
      name: 'score',
      kind: 'head',
      labels,
      text: PLAIN_TEXT,
      reads: null,
      rowsPerOutput: 1,
      width: 0,
      ...(said.length > 0 && { notes: said }),
      ignored: [
        { pattern: /^lm_head\.(weight|bias)$/, reason: 'the causal head; the classification head is read instead' },
      ],
      graph(builder, x) {
        const { graph, type } = builder
        const wide = castFrom(graph, x, type, 'float')
        graph.output('scores', 'float', ['rows', 'labels'], linear(builder, wide, head, 'float'))
      },
    }
  },
}

/**
 * A word on a class that transformers does not name so: what it does beside its tensors is not in the files. An adapter's head is put on
 * a base of any class, and where no class is named, transformers goes by model_type as well.
 */
function unknownClass(checkpoint: Checkpoint): string | null {
  const said = firstArchitecture(checkpoint)
  const { adapter, config } = checkpoint
  if (said === null || adapter?.added.includes(WEIGHT)) return null
  const plain = (name: unknown): string =>
    String(name)
      .replace(/[^a-z0-9]/gi, '')
      .toLowerCase()
  const type = plain(config.model_type)
  if ([type, type.replace(/text$/, '')].some((family) => plain(said) === `${family}forsequenceclassification`))
    return null
  return `the class ${said} of config.json is unknown here: read as a linear head by its tensors (${WEIGHT}), as transformers' AutoModelForSequenceClassification reads it`
}

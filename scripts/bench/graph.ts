/**
 * Writes the graph of a checkpoint beside its weights, for ONNX's own checker (scripts/oracles/onnx_check.py) and for viewers.
 *
 *   npx tsx scripts/bench/graph.ts --model DIR --out DIR [--head score|logProb] [--device cpu|cuda] [--attention prompts] [--dtype auto]
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { AttentionForm } from '../../src/model/attention-forms.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import type { DtypeChoice } from '../../src/model/dtype.ts'
import { encodeModel } from '../../src/model/onnx.ts'
import { openModel } from '../../src/model/open.ts'
import type { Device } from '../../src/model/providers.ts'

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string' },
    out: { type: 'string' },
    head: { type: 'string', default: 'score' },
    device: { type: 'string', default: 'cuda' },
    attention: { type: 'string', default: 'prompts' },
    dtype: { type: 'string', default: 'auto' },
  },
})
const { model, out } = flags
if (model === undefined || out === undefined) throw new Error('--model and --out are needed')
const { built } = openModel(openCheckpoint(model), {
  kind: flags.head === 'score' ? 'head' : 'logProb',
  device: flags.device as Device,
  dtype: flags.dtype as DtypeChoice,
  attention: flags.attention as AttentionForm,
})
mkdirSync(out, { recursive: true })
for (const file of built.files) copyFileSync(file, join(out, basename(file)))
writeFileSync(
  join(out, 'model.onnx'),
  encodeModel(built.model, (file) => basename(file)),
)
process.stdout.write(`${join(out, 'model.onnx')}: ${built.sha256}\n`)

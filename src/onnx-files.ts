import { ModelError, UsageError } from './errors.ts'
import { staysInside } from './weight-files.ts'

/** How ready-made ONNX exports are named, on disk (model/) and on the hub (hub/). */

/** Full precision, where optimum and transformers.js put it. What is quantised is taken only by name. */
const FULL_PRECISION = ['model.onnx', 'onnx/model.onnx'] as const

/** In the root, or in transformers.js's folder. */
export const isOnnx = (path: string): boolean => /^(onnx\/)?[^/]+\.onnx$/.test(path)

/**
 * The export of a model that is run.
 * @param asked `--onnx-file`: a path in the folder or repository, or the bare name of a file in its root or below onnx/
 * @example chooseOnnx(['onnx/model.onnx', 'onnx/model_q4.onnx'], 'model_q4', 'org/rm') // 'onnx/model_q4.onnx'
 */
export function chooseOnnx(paths: readonly string[], asked: string | null, where: string): string {
  const exports = paths.filter(isOnnx)
  const list = exports.length === 0 ? 'it has no .onnx file' : `it has ${exports.slice(0, 12).join(', ')}`
  if (asked === null) {
    const usual = FULL_PRECISION.find((path) => exports.includes(path))
    if (usual !== undefined) return usual
    throw new ModelError(
      `has neither ${FULL_PRECISION.join(' nor ')}; ${list}`,
      where,
      exports.length === 0
        ? 'Export it with optimum-cli export onnx, or leave --graph onnx out.'
        : 'Name one with --onnx-file.',
    )
  }
  if (!staysInside(asked)) throw new UsageError(`"${asked}" is no file of the model`, '--onnx-file')
  const named = [asked, `onnx/${asked}`, `${asked}.onnx`, `onnx/${asked}.onnx`].find((path) => exports.includes(path))
  if (named !== undefined) return named
  throw new ModelError(`has no ${asked}; ${list}`, where, 'Name one of them with --onnx-file.')
}

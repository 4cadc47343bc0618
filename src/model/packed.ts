import { join } from 'node:path'
import { ModelError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { unquantised } from '../packed-name.ts'
import { type Float8, float8Of } from './float8.ts'

/** How `quantization_config.quant_method` is called by people. */
const METHODS: Readonly<Record<string, string>> = {
  bitsandbytes: 'bitsandbytes (4 or 8 bits)',
  gptq: 'GPTQ',
  awq: 'AWQ',
  fp8: 'FP8',
  fbgemm_fp8: 'FP8 (FBGEMM)',
  'compressed-tensors': 'compressed-tensors',
  mxfp4: 'MXFP4',
  hqq: 'HQQ',
  aqlm: 'AQLM',
  torchao: 'torchao',
  eetq: 'EETQ',
  quanto: 'Quanto',
}

/** Refuses a checkpoint whose weights are packed, and says how to find the unpacked one. FP8 with scales beside the weights is read. */
export function checkPacked(
  { quantization_config: packed, _name_or_path: from }: Record<string, unknown>,
  dir: string,
): Float8 | null {
  if (packed === undefined || packed === null) return null
  const float8 = float8Of(packed)
  if (float8 !== null) return float8
  const method = isRecord(packed) ? packed.quant_method : undefined
  const name = typeof method === 'string' ? (METHODS[method] ?? method.slice(0, 40)) : 'an unnamed method'
  const cached = /models--([^/\\]+)--([^/\\]+)[/\\]/.exec(dir)
  const plain = [from, cached === null ? dir : `${cached[1]}/${cached[2]}`]
    .map((text) => (typeof text === 'string' ? unquantised(text) : null))
    .find((text) => text !== null)
  throw new ModelError(
    `has weights packed by ${name} ("quantization_config"): they are not read`,
    join(dir, 'config.json'),
    plain === undefined
      ? 'Use the model that it was packed from; its page on the hub names it as base model. Or save it unpacked once in Python: model.dequantize().save_pretrained(folder).'
      : `Use the model that it was packed from, by its name ${plain.split('/').slice(-2).join('/')}.`,
  )
}

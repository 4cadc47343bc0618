import { UsageError } from '../errors.ts'
import { generate } from '../generate/generate.ts'
import { deviceLine, resolveDevice } from '../model/device.ts'
import { floatProductsFor } from '../model/dtype.ts'
import { isFailure } from '../pairs/failure.ts'
import { parseRecord } from '../pairs/parse.ts'
import { type RunConfig, toRunConfig } from '../setup/config.ts'
import { openGeneration } from '../setup/generation.ts'
import { guardedOpen } from '../setup/guard.ts'
import { loadModels } from '../setup/models.ts'
import { OPTIONS } from '../setup/options.ts'
import { unusedOptions, unusedWithModels } from '../setup/unused.ts'
import type { Row } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { checkOption, type Row as OptionRow, rowOf } from './config.ts'
import { GENERATE_OPTIONS, type GeneratedRow, type GenerateOptions } from './generate.ts'

const ROWS: Readonly<Record<string, OptionRow>> = {
  signal: { types: ['object'] },
  onNote: { types: ['function'] },
  ...Object.fromEntries(GENERATE_OPTIONS.map((name) => [name, rowOf(OPTIONS[name])])),
  stop: { types: ['object'] },
}

function configOf(model: string | null, options: GenerateOptions): { config: RunConfig; given: GenerateOptions } {
  if (model !== null && typeof model !== 'string')
    throw new UsageError(`is a ${typeof model}`, 'generateCompletions: model', 'Give a hub id, a folder, or null.')
  for (const [name, value] of Object.entries(options)) checkOption('generateCompletions', ROWS, name, value)
  const { signal: _, onNote: __, ...flags } = options
  const given = Object.fromEntries(
    Object.entries({ ...flags, model: model ?? undefined }).filter(([, value]) => value !== undefined),
  )
  return { config: toRunConfig('run-generate', given), given }
}

/** The stages of `run-generate`, for rows that come once and are not kept. */
export async function* generateRows(
  model: string | null,
  records: Iterable<unknown> | AsyncIterable<unknown>,
  options: GenerateOptions,
): AsyncGenerator<GeneratedRow, void, undefined> {
  const { config, given } = configOf(model, options)
  const note = options.onNote ?? (() => {})
  for (const line of unusedOptions(config, given)) note(line)
  const device = await resolveDevice(config.device, floatProductsFor(config.dtype))
  note(deviceLine(device))
  const since = Date.now()
  const [loaded] = await loadModels(config, device, () => {})
  for (const line of [...loaded!.notes, ...unusedWithModels(config, given, [loaded!], device)]) note(line)
  const generation = await openGeneration(loaded!, config, device, new Date(), note)
  for (const line of generation.notes) note(line)
  const refused: GeneratedRow[] = []
  async function* prompts(): AsyncGenerator<{ id: string; ids: Int32Array; row: Row }> {
    let number = 0
    for await (const record of records) {
      number++
      const row = parseRecord(record, { where: `row ${number}`, number }, { prompts: true, columns: config.columns })
      if (isFailure(row)) {
        refused.push({ id: row.id, row: null, failure: row, unscored: null, completions: [] })
        continue
      }
      const encoded = generation.encode(row.prompt)
      if (isUnscored(encoded)) refused.push({ id: row.id, row, failure: null, unscored: encoded, completions: [] })
      else yield { id: row.id, ids: encoded.ids, row }
    }
  }
  const decoder = await guardedOpen(loaded!, () => generation.open(), since)()
  try {
    const all = { ...generation.options, budget: generation.budget(decoder.bytesPerToken) }
    const stopped = (): boolean => options.signal?.aborted ?? false
    for await (const generated of generate(decoder, prompts(), all, { stopped })) {
      yield* refused.splice(0)
      const { row } = generated.prompt
      yield 'unscored' in generated
        ? { id: row.id, row, failure: null, unscored: generated.unscored, completions: [] }
        : { id: row.id, row, failure: null, unscored: null, completions: generated.completions }
    }
    options.signal?.throwIfAborted()
    yield* refused.splice(0)
  } finally {
    await decoder.release()
  }
}

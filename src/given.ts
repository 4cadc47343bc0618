import { UsageError } from './errors.ts'

/**
 * Options without those that are absent (null or undefined). Name T: then a misspelt option, one that T does not have and one that is
 * forgotten are type errors, which they are not behind `...(path !== null && { ringBloom: path })`.
 * @example given<DataOptions>({ ringsBloom: null, fingerprintsBloom: 'f.bloom', purchasableBloom: null }) // { fingerprintsBloom: 'f.bloom' }
 */
export function given<T extends object = Record<never, never>>(
  options: NoInfer<{ readonly [K in keyof Required<T>]: T[K] | null | undefined }>,
): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null && value !== undefined)) as T
}

/**
 * Refuses an option that there is none of by that name: JavaScript would take `{ resoning: false }` without a word.
 * @param names all options of T, so that a new one cannot be forgotten here
 */
export function checkOptions<T extends object>(
  where: string,
  options: T,
  names: Readonly<Record<keyof T & string, true>>,
): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name))
  if (unknown !== undefined)
    throw new UsageError('is no option', `${where}: ${unknown}`, `There are ${Object.keys(names).join(', ')}.`)
}

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

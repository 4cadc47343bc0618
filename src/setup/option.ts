import { UsageError } from '../errors.ts'
import { meant } from './meant.ts'

/** The commands that make a run. */
export type RunBin = 'run-rm' | 'run-dpo' | 'run-verify' | 'run-process' | 'run-generate'

/** What a row of an option table may say beside its type, its text and its default. */
export interface More {
  /** The default as help shows it: where there is none, what happens then. */
  readonly shown?: string
  /** Heading in `--help`. */
  readonly group?: string
  /** Which runs take it; absent in the tables of other commands. */
  readonly bins?: readonly RunBin[]
  /** What help says otherwise in one bin. */
  readonly in?: Readonly<Partial<Record<RunBin, { readonly describe?: string; readonly shown?: string }>>>
  /** An option of the library, too; `or number`: there a number will do. */
  readonly library?: true | 'or number'
  /** What two runs that differ in it alone differ in, where it is not the numbers. */
  readonly changes?: 'no number' | 'last digits'
  /** Accepted for RewardBench's users: what is said of it. */
  readonly remark?: string
}
/** One option. Its key in a table is its name in the code and in the library; `flagOf` spells it as a flag. */
export interface Option<V = unknown> extends More {
  readonly type: 'string' | 'number' | 'boolean' | 'array'
  /** Starts with a verb or the thing itself and names units. */
  readonly describe: string
  /** Null = none. */
  readonly default: string | number | boolean | readonly string[] | null
  readonly choices?: readonly string[]
  /** The value, or the default where none is given. @throws UsageError where it can be no value of it */
  readonly read: (given: unknown, flag: string) => V
}
export type OptionTable = Readonly<Record<string, Option>>
/** What a table's options come to. */
export type Values<T extends OptionTable> = { readonly [K in keyof T]: ReturnType<T[K]['read']> }
/** What was said: on the command line, in a YAML file or to the library; not what has its default. */
export type Given<K extends PropertyKey = string> = { readonly [P in K]?: unknown }

function option<T extends Option['type'], D, V, const M extends More>(
  type: T,
  describe: string,
  fallback: D,
  read: (given: NonNullable<unknown>, flag: string) => V,
  more: M,
) {
  const orDefault = (given: unknown, flag: string): V | D => (given == null ? fallback : read(given, flag))
  return { type, describe, default: fallback, read: orDefault, ...more }
}

/** @param check throws where it can tell by the text alone that it is wrong */
export const text = <D extends string | null, const M extends More & { readonly check?: (value: string) => unknown }>(
  describe: string,
  fallback: D,
  more: M = {} as M,
) => {
  const read = (given: NonNullable<unknown>): string => {
    more.check?.(String(given))
    return String(given)
  }
  return option('string', describe, fallback, read, more)
}

export const choice = <const C extends readonly string[], D extends C[number] | null, const M extends More>(
  choices: C,
  describe: string,
  fallback: D,
  more: M = {} as M,
) => {
  const read = (given: unknown, flag: string): C[number] => {
    const found = choices.find((one) => one === given)
    if (found !== undefined) return found
    const all = choices.map((one) => JSON.stringify(one)).join(', ')
    throw new UsageError(`${JSON.stringify(given)} is none of ${all}`, flag, meant(String(given), choices))
  }
  return { ...option('string', describe, fallback, read, more), choices }
}

export const number = <
  D extends number | null,
  const M extends More & { readonly check?: (value: number, flag: string) => unknown },
>(
  describe: string,
  fallback: D,
  more: M = {} as M,
) => {
  const read = (given: unknown, flag: string): number => {
    if (typeof given !== 'number') throw new UsageError(`expects a number, not ${JSON.stringify(given)}`, flag)
    more.check?.(given, flag)
    return given
  }
  return option('number', describe, fallback, read, more)
}

/** A check of a number. */
export function aboveZero(value: number, flag: string): void {
  if (!(value > 0)) throw new UsageError(`${value} is not above 0`, flag)
}

/** A check of a number. */
export function notNegative(value: number, flag: string): void {
  if (!(value >= 0)) throw new UsageError(`${value} is below 0`, flag)
}

/** A whole number. */
export const whole = <D extends number | null, const M extends More>(
  [least, most = Number.MAX_SAFE_INTEGER]: readonly [least: number, most?: number],
  describe: string,
  fallback: D,
  more: M = {} as M,
) => {
  const check = (value: number, flag: string): void => {
    if (!Number.isInteger(value) || value < least)
      throw new UsageError(`${value} is not a whole number of at least ${least}`, flag)
    if (value > most) throw new UsageError(`${value} is above ${most.toLocaleString('en')}`, flag)
  }
  return number(describe, fallback, { ...more, check })
}

/** A switch: `--name` and `--no-name`. */
export const toggle = <D extends boolean | null, const M extends More>(
  describe: string,
  fallback: D,
  more: M = {} as M,
) => option('boolean', describe, fallback, (given): boolean => given === true, more)

/** Repeatable text. */
export const list = <const M extends More & { readonly check?: (values: readonly string[]) => unknown }>(
  describe: string,
  more: M = {} as M,
) => {
  const read = (given: unknown): readonly string[] => {
    const values = (Array.isArray(given) ? given : [given]).map(String)
    more.check?.(values)
    return values
  }
  const none: readonly string[] = []
  return option('array', describe, none, read, more)
}

/** Rows with what they have in common; what a row says itself comes first. */
export const section = <T extends Readonly<Record<string, object>>>(common: More, rows: T): T =>
  Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, { ...common, ...row }])) as T

/** @example flagOf('refFreeType') // 'ref-free-type' */
export const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Every option of a table: what was given, checked, or its default. @throws UsageError */
export const readOptions = <T extends OptionTable>(table: T, given: Given<keyof T>): Values<T> =>
  Object.fromEntries(
    Object.entries(table).map(([name, { read }]) => [name, read(given[name], `--${flagOf(name)}`)]),
  ) as Values<T>

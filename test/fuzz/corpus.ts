import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Target } from './target.ts'

/** Inputs that broke something once, minimised: one folder a target, one file a fault. */
const CORPUS = 'test/data/fuzz'
export const folderOf = (name: string): string => join(CORPUS, name.replaceAll(/[^\w.]+/g, '-').replace(/^-/, ''))

export function kept({ name }: Target): readonly Buffer[] {
  try {
    return readdirSync(folderOf(name))
      .sort()
      .map((file) => readFileSync(join(folderOf(name), file)))
  } catch {
    return []
  }
}

/** What tells a fault from another: its words without numbers and texts of the input, and where it was thrown. */
export function faultOf(error: unknown): string {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  const frame = stack.split('\n').find((line) => /^\s+at /.test(line) && !line.includes('test/fuzz')) ?? ''
  return `${message.replaceAll(/"[^"]*"|\d+/g, '_').slice(0, 200)} ${frame.replaceAll(/\?[^:]*|:\d+/g, '').trim()}`
}

/** Keeps an input for the fault that it shows. */
export function keep(name: string, fault: string, input: Buffer): string {
  mkdirSync(folderOf(name), { recursive: true })
  const file = join(folderOf(name), createHash('sha256').update(fault).digest('hex').slice(0, 12))
  writeFileSync(file, input)
  return file
}

/**
 * Takes away what the fault does not need: pieces of half the length, of a quarter …, as long as the same fault shows.
 * @param tries at most so many runs
 */
export async function minimised(
  input: Buffer,
  shows: (input: Buffer) => Promise<boolean>,
  tries = 400,
): Promise<Buffer> {
  let smallest = input
  let left = tries
  for (let size = input.length >> 1; size > 0 && left > 0; size >>= 1)
    for (let at = 0; at < smallest.length && left > 0; left--) {
      const without = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)])
      if (await shows(without)) smallest = without
      else at += size
    }
  return smallest
}

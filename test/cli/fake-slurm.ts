import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Env } from '../command.ts'

/**
 * Programs that answer as Slurm's do and note how they were called: what is tested is what is asked of Slurm and what is made of its answers.
 * Slurm itself runs in `npm run test:slurm`.
 */
export interface FakeSlurm {
  readonly env: Env
  /** Calls so far, one line each. */
  readonly calls: () => readonly string[]
  /** What squeue prints: lines of `%i|%T|%r`. */
  queue(lines: readonly string[]): void
  /** sbatch takes so many jobs and refuses the next; null: takes all. */
  refuseAfter(jobs: number | null, why?: string): void
  /** What sacct prints: lines of `JobID|State`. */
  accounts(lines: readonly string[]): void
  /** What squeue and sacct print where they are asked by name: lines of `%F|%j`, `JobID|JobName`; null: nothing. */
  named(lines: { readonly queue?: readonly string[]; readonly accounts?: readonly string[] }): void
  /** sbatch takes the job, and this is what kills who called it before the answer. */
  killCaller(script: string | null): void
}

export function fakeSlurm(): FakeSlurm {
  const folder = mkdtempSync(join(tmpdir(), 'chemherm-slurm-'))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const file = (name: string): string => join(folder, name)
  const program = (name: string, body: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\nprintf '%s\\n' "${name} $*" >> '${file('calls')}'\n${body}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  program(
    'sbatch',
    `n=$(cat '${file('n')}' 2>/dev/null || echo 100); n=$((n + 1)); [ "$n" -gt "$(cat '${file('most')}' 2>/dev/null || echo 999)" ] && { cat '${file('why')}' >&2; exit 1; }; echo $n > '${file('n')}'; [ -f '${file('kill')}' ] && { case "$*" in *"$(cat '${file('kill')}')"*) kill -9 $PPID; esac; }; echo "$n;local"`,
  )
  program(
    'squeue',
    `case "$*" in *--name=*) cat '${file('named-queue')}' 2>/dev/null; exit 0; esac; cat '${file('queue')}' 2>/dev/null || { echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1; }`,
  )
  program(
    'sacct',
    `case "$*" in *--name=*) cat '${file('named-accounts')}' 2>/dev/null; exit 0; esac; cat '${file('accounts')}' 2>/dev/null || { echo 'Slurm accounting storage is disabled' >&2; exit 1; }`,
  )
  program('scancel', '')
  return {
    env: { PATH: `${bin}:${process.env.PATH}` },
    calls: () => (existsSync(file('calls')) ? readFileSync(file('calls'), 'utf8').trimEnd().split('\n') : []),
    queue: (lines) => writeFileSync(file('queue'), lines.map((line) => `${line}\n`).join('')),
    refuseAfter(jobs, why = 'Invalid account') {
      writeFileSync(file('most'), String(100 + (jobs ?? 800)))
      writeFileSync(file('why'), `${why}\n`)
    },
    named({ queue, accounts }) {
      for (const [name, lines] of [
        ['named-queue', queue],
        ['named-accounts', accounts],
      ] as const)
        writeFileSync(file(name), (lines ?? []).map((line) => `${line}\n`).join(''))
    },
    killCaller: (script) =>
      script === null ? rmSync(file('kill'), { force: true }) : writeFileSync(file('kill'), script),
    accounts: (lines) => writeFileSync(file('accounts'), lines.map((line) => `${line}\n`).join('')),
  }
}

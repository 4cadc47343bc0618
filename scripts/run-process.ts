#!/usr/bin/env node
import { runMain } from '../src/cli/fail.ts'

await runMain('run-process', async () =>
  (await import('../src/cli/process/run-process.ts')).runProcess(process.argv.slice(2)),
)

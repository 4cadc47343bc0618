#!/usr/bin/env node
import { runMain } from '../src/cli/fail.ts'

await runMain('run-dpo', async () =>
  (await import('../src/cli/run-model.ts')).runModel('run-dpo', process.argv.slice(2)),
)

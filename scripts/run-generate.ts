#!/usr/bin/env node
import { runMain } from '../src/cli/fail.ts'

await runMain('run-generate', async () =>
  (await import('../src/cli/generate/run-generate.ts')).runGenerate(process.argv.slice(2)),
)

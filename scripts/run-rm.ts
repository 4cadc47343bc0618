#!/usr/bin/env node
import { runMain } from '../src/cli/fail.ts'

await runMain('run-rm', async () => (await import('../src/cli/run-model.ts')).runModel('run-rm', process.argv.slice(2)))

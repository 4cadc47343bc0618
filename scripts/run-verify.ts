#!/usr/bin/env node
import { runMain } from '../src/cli/fail.ts'

await runMain('run-verify', async () => (await import('../src/cli/run-verify.ts')).runVerify(process.argv.slice(2)))

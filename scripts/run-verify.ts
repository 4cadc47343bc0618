#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('run-verify', async () => (await import('../src/cli/run-verify.ts')).runVerify)

#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('verify-results', async () => (await import('./commands/verify-results.ts')).verifyResults)

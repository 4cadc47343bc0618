#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('per-token', async () => (await import('./commands/per-token.ts')).perToken)

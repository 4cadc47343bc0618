#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('analyze', async () => (await import('./commands/analyze.ts')).analyze)

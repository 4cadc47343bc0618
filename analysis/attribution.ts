#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('attribution', async () => (await import('./commands/attribution.ts')).attribution)

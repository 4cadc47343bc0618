#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('models', async () => (await import('./commands/models.ts')).models)

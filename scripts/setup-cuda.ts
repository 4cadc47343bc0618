#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('setup-cuda', async () => (await import('./commands/setup-cuda.ts')).setupCuda)

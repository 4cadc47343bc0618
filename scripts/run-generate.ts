#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('run-generate', async () => (await import('../src/cli/generate/run-generate.ts')).runGenerate)

#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('make-pairs', async () => (await import('../src/cli/make/make-pairs.ts')).makePairs)

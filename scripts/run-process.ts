#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('run-process', async () => (await import('../src/cli/process/run-process.ts')).runProcess)

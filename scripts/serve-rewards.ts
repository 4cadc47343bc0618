#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('serve-rewards', async () => (await import('./commands/serve-rewards.ts')).serveRewards)

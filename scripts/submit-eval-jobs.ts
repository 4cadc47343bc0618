#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('submit-eval-jobs', async () => (await import('./commands/submit-eval-jobs.ts')).submitEvalJobs)

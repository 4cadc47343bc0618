#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('run-dpo', async () => {
  const { runModel } = await import('../src/cli/run-model.ts')
  return (argv) => runModel('run-dpo', argv)
})

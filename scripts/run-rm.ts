#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('run-rm', async () => {
  const { runModel } = await import('../src/cli/run-model.ts')
  return (argv) => runModel('run-rm', argv)
})

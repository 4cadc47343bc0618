#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('run-dpo', async () => {
  const { loadRunModel } = await import('../src/cli/load-run.ts')
  const runModel = await loadRunModel()
  return (argv) => runModel('run-dpo', argv)
})

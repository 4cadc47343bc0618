#!/usr/bin/env node
import { start } from '../src/cli/start.ts'

await start('run-rm', async () => {
  const { loadRunModel } = await import('../src/cli/load-run.ts')
  const runModel = await loadRunModel()
  return (argv) => runModel('run-rm', argv)
})

#!/usr/bin/env node
import { nameOf } from '../src/cli/command.ts'
import { start } from '../src/cli/start.ts'

await start(nameOf(process.argv.slice(2)), async () => (await import('./commands/chemherm.ts')).chemherm)

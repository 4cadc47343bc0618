#!/usr/bin/env node
import { isStarted, runMain } from '../src/cli/fail.ts'
import { makePairs } from '../src/cli/make/make-pairs.ts'

if (isStarted(import.meta.url)) await runMain('make-pairs', () => makePairs(process.argv.slice(2)))

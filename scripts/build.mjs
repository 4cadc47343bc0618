// Compiles src/, scripts/*.ts and analysis/ into dist/ and marks dist/scripts/*.js executable (npm does that only for linked packages).
import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, rmSync } from 'node:fs'

// --clean (at install and before packing): no module of an earlier build is left.
if (process.argv.includes('--clean')) rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
for (const name of readdirSync('dist/scripts')) if (name.endsWith('.js')) chmodSync(`dist/scripts/${name}`, 0o755)

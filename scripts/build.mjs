// Compiles src/, scripts/*.ts and analysis/ into dist/ and marks the bins executable (npm does that only for linked packages).
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync } from 'node:fs'

// --clean (at install and before packing): no module of an earlier build is left.
if (process.argv.includes('--clean')) rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
const { bin } = JSON.parse(readFileSync('package.json', 'utf8'))
for (const path of Object.values(bin)) chmodSync(path, 0o755)

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { QUICK, start, temporaryFolder } from './bin.ts'

const folder = temporaryFolder()
afterAll(folder.remove)

function place(name: string): { readonly home: string; readonly env: Readonly<Record<string, string>> } {
  const [home, temporary] = ['home', 'tmp'].map((part) => join(folder.path, name, part)) as [string, string]
  mkdirSync(home, { recursive: true })
  mkdirSync(temporary)
  return { home, env: { HOME: home, TMPDIR: temporary } }
}
const left = ({ env }: ReturnType<typeof place>): string[] =>
  Object.values(env).flatMap((path) => readdirSync(path, { recursive: true, encoding: 'utf8' }))

// ONNX Runtime's telemetry for Linux keeps its database below ~/.cache/Microsoft
it('a run, with its threads, leaves nothing of ONNX Runtime behind', async () => {
  const at = place('run')
  const { code } = await start('run-rm', [...QUICK, '--limit', '4', '--output-dir', join(folder.path, 'out')], at.env)
    .done
  expect(code).toBe(0)
  expect(left(at)).toEqual([])
})

it('neither does a worker of the library', () => {
  const at = place('library')
  const script = `
    import { createChemPool } from ${JSON.stringify(packagePath('dist/src/chem/workers/verifier.js'))}
    const pool = createChemPool({ oracles: { kind: 'embedded' }, data: {} }, { workers: 1 })
    const { result } = await pool.run({ kind: 'solubility', smiles: 'CCO' })
    console.log(typeof result.solubility.answer.mean)
    await pool.close()`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', ...at.env },
  })
  expect(stdout).toBe('number\n')
  expect(left(at)).toEqual([])
})

it('and without that it would', () => {
  const at = place('without')
  const script = `
    import ort from ${JSON.stringify(packagePath('node_modules/onnxruntime-node/dist/index.js'))}
    await ort.InferenceSession.create(Buffer.from('no model')).catch(() => {})`
  spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env.PATH ?? '', ...at.env },
  })
  if (process.platform === 'linux') expect(left(at)).toContain('.cache/Microsoft')
})

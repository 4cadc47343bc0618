import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BIN_OPTIONS, byFlag } from '../../../src/cli/options.ts'
import { readTable } from '../../../src/cli/submit/table.ts'
import { readConfig } from '../../../src/cli/yaml.ts'
import { expected, seed, type Target, texts } from '../target.ts'

/** YAML that a command line names. */
export const settingTargets = (scratch: string): Target[] => {
  const of = (name: string, read: (path: string) => unknown) => (input: Buffer) =>
    expected(() => {
      writeFileSync(join(scratch, name), input)
      read(join(scratch, name))
    })
  return [
    {
      name: '--config',
      seeds: [
        seed('configs/demo-rm.yaml'),
        ...texts('model: &a org/x\nfilter: [re:^a, !b]\nbatch_size: 8\nbeta: 1e-1\nresume: false\nname: *a\n'),
      ],
      run: of('config.yaml', (path) => readConfig(path, byFlag(BIN_OPTIONS['run-rm']))),
    },
    {
      name: 'jobs table',
      seeds: [
        seed('configs/runs.yaml'),
        seed('configs/herm-like.yaml'),
        seed('configs/eval_configs.yaml').subarray(0, 4000),
      ],
      run: of('runs.yaml', (path) => readTable({ path, models: [], dataset: null })),
    },
  ]
}

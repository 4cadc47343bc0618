import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRewardBenchScores } from '../../../analysis/rewardbench.ts'
import { findRuns, readRun } from '../../../analysis/run-folders.ts'
import { openStore } from '../../../src/store/log.ts'
import { call } from '../../command.ts'
import { expected, inFolder, seed, type Target, texts } from '../target.ts'

const FILES = ['run.json', 'scores.csv', 'pairs.csv', 'groups.csv'] as const
const MEASUREMENTS = 'measurements.jsonl'

/** What a run wrote and another command reads back: it may be another's, or damaged. */
export async function resultTargets(scratch: string): Promise<Target[]> {
  const results = join(scratch, 'results')
  const made = async (bin: 'run-verify' | 'run-rm', name: string, ...args: string[]): Promise<string> => {
    const { code, stderr } = await call(bin, [
      ...['--name', name, '--output-dir', results, '--limit', '6', '--offline', ...args],
    ])
    if (code !== 0) throw new Error(stderr)
    return findRuns(results).find(({ model }) => model === name)!.path
  }
  const pairs = await made('run-rm', 'scored', '--device', 'cpu')
  const groups = await made('run-verify', 'groups', '--dataset', 'src/embedded/demo/groups.jsonl')
  const read = (path: string): Promise<unknown> => readRun({ model: 'm', dataset: 'd', path })
  const asked = (args: readonly string[]) => async (): Promise<void> => {
    await call('verify-results', args)
  }
  const bench = (file: string) => (input: Buffer) =>
    expected(() => {
      writeFileSync(join(scratch, file), input)
      readRewardBenchScores(join(scratch, file), 'd')
    })
  return [
    ...FILES.map((file): Target => {
      const from = file === 'groups.csv' ? groups : pairs
      return {
        name: `${file} read by analyze`,
        json: file === 'run.json',
        seeds: [seed(join(from, file))],
        run: inFolder(join(scratch, `read-${file}`), from, file, read),
      }
    }),
    ...(['run.json', 'scores.csv'] as const).map((file): Target => {
      const folder = join(scratch, `verify-${file}`)
      return {
        name: `${file} read by verify-results`,
        slow: true,
        json: file === 'run.json',
        seeds: [seed(join(pairs, file))],
        run: inFolder(folder, pairs, file, (path) => asked([path, '--offline'])()),
      }
    }),
    {
      name: 'run.json in analyze',
      slow: true,
      json: true,
      seeds: [seed(join(pairs, 'run.json'))],
      run: inFolder(join(scratch, 'analyze', 'scored'), pairs, 'run.json', async () => {
        await call('analyze', ['--output-dir', join(scratch, 'analyze'), '--resamples', '100'])
      }),
    },
    {
      name: 'store',
      json: 'lines',
      seeds: [seed(join(pairs, MEASUREMENTS))],
      run: inFolder(join(scratch, 'store'), pairs, MEASUREMENTS, async (folder) => {
        const store = await openStore(join(folder, MEASUREMENTS), { readOnly: true })
        await store.close()
      }),
    },
    {
      name: 'RewardBench 2 scores',
      json: true,
      seeds: [seed('test/data/rewardbench-2/eval-set-scores.json').subarray(0, 200_000)],
      run: bench('bench.json'),
    },
    {
      name: 'RewardBench scores',
      json: true,
      seeds: texts(
        '{"model":"m","scores_chosen":[1.5,[2]],"scores_rejected":[0.5,null],"id":["1","2"],"subset":["a","b"],"text_chosen":["x","y"],"text_rejected":["z","w"]}',
      ),
      run: bench('scores.json'),
    },
    {
      name: 'RewardBench lines',
      json: 'lines',
      seeds: texts(
        '{"prompt":"q","chosen":"a","rejected":"b","scores_chosen":1.5,"scores_rejected":[0.5],"results":1,"id":1,"subset":"s"}\n'.repeat(
          3,
        ),
      ),
      run: bench('x_outputs.jsonl'),
    },
  ]
}

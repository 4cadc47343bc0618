import { expect, it } from 'vitest'
import type { RunBin } from '../../src/setup/option.ts'
import { newFolder, ran } from './effects/shown.ts'

// The data set is one of a hub that nobody serves: whoever asks for it ends with exit 7.
const HUB = { HF_ENDPOINT: 'http://127.0.0.1:9' }
const FAR = ['--dataset', 'org/pairs', '--rings-bloom', '/nowhere/own.bloom']

it.each<[RunBin, string[], number, string]>([
  ['run-rm', ['--head', 'softmax:x'], 2, '--head: "softmax:x" is no head'],
  ['run-rm', ['--device', 'tpu'], 2, '--device: "tpu" is no device'],
  ['run-verify', ['--filter', 'a', '--filter', '!b'], 2, 'names to keep and names to drop cannot be mixed'],
  ['run-rm', ['--filter', 're:('], 2, '"re:(" is not a usable pattern'],
  ['run-rm', ['--chat-template', 'chatlm'], 2, '"chatlm" is neither a built-in template nor a file'],
  ['run-rm', ['--model', './nowhere'], 2, './nowhere: no such folder'],
  ['run-rm', ['--model', 'a/b/c'], 2, 'a/b/c: is neither an existing folder nor a hub id'],
  ['run-rm', ['--model', 'org/rm@v1', '--revision', 'v2'], 2, 'asks for revision "v1", and the flag for "v2"'],
  ['run-rm', ['--model', 'gpt-4-turbo'], 2, 'a generative judge behind an API'],
  ['run-rm', ['--tokenizer', './nowhere'], 2, './nowhere: no such folder'],
  ['run-rm', ['--certify', '--certify-reference', '/tmp/none/nope.json'], 3, '/tmp/none/nope.json: is not there'],
  ['run-dpo', ['--model', 'org/p', '--ref-model', './nowhere'], 2, './nowhere: no such folder'],
  [
    'run-dpo',
    ['--model', 'org/p', '--ref-model', 'org/p'],
    2,
    '--ref-model: is the policy itself, at the same revision',
  ],
  ['run-verify', ['--no-verify'], 2, '--no-verify: leaves nothing to do'],
  ['run-rm', ['pairs.csv'], 2, 'Is --dataset pairs.csv meant?'],
  ['run-rm', ['--data', 'pairs.csv'], 2, 'Did you mean --dataset?'],
])('%s %j is refused before anything is downloaded or opened', async (bin, args, code, message) => {
  const run = await ran(bin, [...FAR, ...args], HUB)
  expect(run).toMatchObject({ code, stdout: '', folder: null })
  expect(run.stderr).toContain(message)
  // nothing was said before: no verifier, no device
  expect(run.stderr.split('\n').filter((line) => line.startsWith(`${bin}: `))).toHaveLength(1)
})

it.each<[RunBin, string, number, string]>([
  ['run-rm', 'nowhere.jsonl', 3, 'nowhere.jsonl: there is no such file or folder'],
  ['run-verify', 'demo_pairs', 2, '--dataset demo_pairs: is no file, no folder, no built-in data set and no hub id'],
])('%s --dataset %s is refused before the filters are opened', async (bin, dataset, code, message) => {
  const run = await ran(bin, ['--dataset', dataset, '--rings-bloom', '/nowhere/own.bloom'])
  expect(run).toMatchObject({ code, stdout: '', folder: null })
  expect(run.stderr).toContain(message)
})

it('a policy at two revisions is no mistake that can be seen ahead', async () => {
  const run = await ran('run-dpo', ['--model', 'org/p', '--ref-model', 'org/p', '--ref-revision', 'v1', '--offline'], {
    HF_HOME: newFolder(),
  })
  expect(run).toMatchObject({ code: 7 })
})

import { describe, expect, it } from 'vitest'
import { resolveDevice } from '../../src/model/device.ts'
import { devicesOf } from '../../src/model/device-list.ts'
import { toRunConfig } from '../../src/setup/config.ts'

it.each([
  ['auto', ['auto']],
  ['cuda:1', ['cuda:1']],
  ['cuda:0,cuda:1', ['cuda:0', 'cuda:1']],
  ['cuda, cuda:3', ['cuda:0', 'cuda:3']],
  ['cpu,cpu,cpu', ['cpu', 'cpu', 'cpu']],
])('--device %s', (requested, devices) => {
  expect(devicesOf(requested)).toEqual(devices)
})

describe('is refused', () => {
  it.each([
    ['cpu,cuda:0', 'devices of two kinds'],
    ['cuda:0,cuda:0', 'names cuda:0 twice'],
    ['cuda,cuda:0', 'names cuda:0 twice'],
    ['auto,cuda:0', 'auto cannot be one of several devices'],
    ['webgpu,webgpu', 'webgpu cannot be one of several devices'],
    ['cuda:0,', '"" is no device'],
    ['cuda:0,gpu1', '"gpu1" is no device'],
  ])('%s', (requested, message) => {
    expect(() => devicesOf(requested)).toThrow(message)
  })
  it.each([
    ['run-process', {}, 'several devices are for run-rm and run-dpo, not run-process'],
    ['run-generate', {}, 'several devices are for run-rm and run-dpo, not run-generate'],
    ['run-rm', { shard: '1/2' }, 'several devices are shards by themselves'],
    ['run-rm', { certify: true }, 'one device is certified at a time'],
  ] as const)('by %s with %o', (bin, more, message) => {
    expect(() => toRunConfig(bin, { device: 'cpu,cpu', ...more })).toThrow(message)
  })
  it('where one process computes: the library, a server', async () => {
    await expect(resolveDevice('cuda:0,cuda:1', 'fp32')).rejects.toThrow('for the commands run-rm and run-dpo')
  })
})

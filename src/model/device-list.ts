import { UsageError } from '../errors.ts'
import { parseDevice } from './device.ts'

/**
 * The devices of `--device`, one or several with commas between them. Several are of one kind, because a measurement is kept under the kind
 * of device that made it, and a GPU is named once; the CPU may be named several times, for as many processes.
 * @example devicesOf('cuda:0,cuda:1') // ['cuda:0', 'cuda:1']
 * @throws UsageError
 */
export function devicesOf(requested: string): readonly string[] {
  const names = requested.split(',').map((name) => name.trim())
  if (names.length === 1) {
    parseDevice(requested)
    return names
  }
  const refuse = (message: string, hint: string): never => {
    throw new UsageError(message, `--device ${requested}`, hint)
  }
  const devices = names.map((name) => {
    const [, number] = parseDevice(name)
    if (name === 'auto' || name === 'webgpu')
      refuse(`${name} cannot be one of several devices`, 'Name GPUs, for example cuda:0,cuda:1.')
    return name === 'cpu' ? name : `cuda:${Number(number ?? 0)}`
  })
  const kinds = new Set(devices.map((name) => name.split(':')[0]))
  if (kinds.size > 1)
    refuse('are devices of two kinds, whose numbers differ in their last digits', 'Name GPUs alone, or cpu alone.')
  const twice = devices.find((name, i) => name !== 'cpu' && devices.indexOf(name) !== i)
  if (twice !== undefined) refuse(`names ${twice} twice`, 'One process computes on a GPU.')
  return devices
}

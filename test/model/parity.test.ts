import { expect, it } from 'vitest'
import { resolveDevice } from '../../src/model/device.ts'
import { DEVICE, numbersOfTransformers } from './parity.ts'

it(`${DEVICE} multiplies float32 numbers as float32`, async () => {
  expect(await resolveDevice(DEVICE, 'fp32')).toMatchObject({ device: DEVICE, floatProducts: 'fp32' })
})

numbersOfTransformers('parity')

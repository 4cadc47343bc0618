import { numbersOfTransformers } from './parity.ts'

numbersOfTransformers('models')

import { numbersOfTransformers } from './parity.ts'

numbersOfTransformers('adapters')

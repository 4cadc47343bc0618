import { numbersOfTransformers } from './parity.ts'

numbersOfTransformers('float8')

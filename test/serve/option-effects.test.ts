import { describe } from 'vitest'
import { SERVE_ROWS } from '../cli/effects/serve-rewards.ts'
import { showEach } from '../cli/effects/shown.ts'

describe('serve-rewards: each option shows its effect', () => showEach(SERVE_ROWS))

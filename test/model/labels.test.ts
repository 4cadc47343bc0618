import { describe, expect, it } from 'vitest'
import type { Checkpoint } from '../../src/model/checkpoint.ts'
import { labelsOf } from '../../src/model/heads/head.ts'
import { labelsOf as labelsOfExport } from '../../src/model/ready-made/families.ts'

const checkpoint = (id2label: Record<string, string>): Checkpoint =>
  ({
    dir: 'm',
    config: { id2label },
    tensors: new Map([['score.weight', { shape: [Object.keys(id2label).length, 8] }]]),
  }) as unknown as Checkpoint

describe('names of labels, which stand in every file of a run', () => {
  const named = { 0: '\u001b]0;pwned\u0007reward\n\u202e', 1: 'y'.repeat(1_000_000), 2: 'Nützlichkeit, 有用' }
  const shown = ['\\u001b]0;pwned\\u0007reward\\n\\u202e', `${'y'.repeat(200)}… (1,000,000 characters)`, named[2]]
  it('are one short line each, of a checkpoint and of an export', () => {
    expect(labelsOf(checkpoint(named), 'score.weight').names).toEqual(shown)
    expect(labelsOfExport(checkpoint(named), 3)).toEqual(shown)
  })
})

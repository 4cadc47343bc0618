import { createHash } from 'node:crypto'
import type { ResolvedDevice } from '../model/device.ts'
import { openRunner } from '../model/session.ts'
import type { Prepared, Subject } from '../score/subject.ts'
import { identityDigest, measurementKey } from '../store/key.ts'
import { compileTemplate } from '../text/template.ts'
import type { Message, Text } from '../types.ts'
import type { RunConfig } from './config.ts'
import type { Log } from './log.ts'
import type { LoadedModel } from './models.ts'

export function subjectOf(model: LoadedModel, config: RunConfig, device: ResolvedDevice, _log: Log): Subject {
  const { tokenizer, description, kind } = model
  const template = compileTemplate(tokenizer.chatTemplate ?? '', `chat template of ${model.name}`)
  const turns = (text: Text, role: string): readonly Message[] =>
    typeof text === 'string' ? [{ role, content: text }] : [...text]
  const special = { specialTokens: tokenizer.specialTokens }
  const identity = identityDigest({
    kind,
    weightsSha256: model.weightsSha256,
    dtype: 'fp32',
    device: device.device,
    tokenizerSha256: tokenizer.sha256,
    templateSha256: template.sha256,
    truncation: 'skip',
    head: kind === 'head' ? config.pooling : null,
  })
  return {
    role: model.choice.role,
    name: model.name,
    kind,
    prepare(row, completion): Prepared {
      const prompt = turns(row.prompt, 'user')
      const full = template.render([...prompt, ...turns(completion.text, 'assistant')], special)
      const head = template.render(prompt, { ...special, addGenerationPrompt: true })
      let { ids } = tokenizer.encode(full, { addSpecialTokens: kind === 'head' })
      const { ids: p } = tokenizer.encode(head, { addSpecialTokens: kind === 'head' })
      let positionStart = 0
      if (kind === 'head' && ids[0] === ids[1] && ids[0] === tokenizer.bosId) {
        ids = ids.subarray(1)
        positionStart = 1
      }
      let start = 0
      while (start < ids.length && ids[start] === p[start + positionStart]) start++
      let at = start
      if (kind === 'head') {
        at = ids.length - 1
        while (at > 0 && ids[at] === description.padTokenId) at--
      }
      return {
        ids,
        typeIds: null,
        positionStart,
        start,
        at,
        promptTokens: start,
        completionTokens: ids.length - start,
        truncated: 'no',
        repairs: [],
        textSha256: createHash('sha256').update(full).digest('hex'),
        poolingDiffers: false,
      }
    },
    show: () => ({ text: '', tokens: [] }),
    key: (prepared) => measurementKey(identity, prepared),
    open: () =>
      openRunner(model.checkpoint, {
        head: kind === 'head' ? 'score' : 'logProb',
        device: device.device,
        dtype: config.dtype,
      }),
  }
}

import { randomUUID } from 'node:crypto'
import { goneSignal } from '../gone.ts'
import type { WhenReady } from '../open.ts'
import { HttpProblem, unprocessable } from '../problem.ts'
import { classifyBody } from '../reward-bodies.ts'
import { post, type Routes, read } from '../route.ts'

/**
 * POST /classify and /v1/classify, as vLLM (entrypoints/pooling/classify) and SGLang (srt/entrypoints/openai/serving_classify.py) answer them:
 * `probs` of every label of a text. The tokenizer adds its special tokens unless `add_special_tokens` is false. Raw outputs where
 * `use_activation` (formerly `activation`) is false, as verl asks; else the sigmoid of a single label, the softmax of several. A text that
 * has no score answers 422 and names the row. A policy has no labels: 400.
 */
export const classifyRoutes =
  (when: WhenReady, { batch, now }: { readonly batch: number; readonly now: () => Date }): Routes =>
  (server) => {
    const body = classifyBody(batch)
    for (const url of ['/classify', '/v1/classify'])
      post(server, url, async (request, reply) => {
        const { service, facts } = when()
        const asked = read(body, request)
        if (facts.kind === 'dpo')
          throw new HttpProblem(400, 'A policy and its reference are no classifier: ask /rewards or /get_reward')
        if (facts.perStep)
          throw new HttpProblem(400, 'The model scores steps, which a text alone does not show: ask /rewards')
        const texts = [asked.input].flat()
        const rows = await service.rate({
          route: url,
          asked: {
            kind: 'texts',
            texts: texts.map((completion) => ({ prompt: '', completion })),
            addSpecialTokens: asked.add_special_tokens ?? true,
          },
          rows: texts.map((text, i) => ({
            prompt: '',
            texts: [text],
            claims: [{ completion: null, solution: null }],
            learned: [i],
            step: null,
          })),
          told: 'outputs',
          signal: goneSignal(reply),
        })
        const active = asked.use_activation ?? asked.activation ?? true
        const data = rows.map(([rated], index) => {
          const { outputs } = rated!.score
          if (outputs === null)
            throw unprocessable([
              {
                type: 'no_score',
                loc: ['body', 'input', index],
                msg: `There is no score: ${rated!.unscored?.reason}${rated!.unscored?.message ? `, ${rated!.unscored.message}` : ''}`,
              },
            ])
          const top = outputs.indexOf(Math.max(...outputs))
          return {
            index,
            label: facts.labels[top] ?? null,
            probs: active ? activated(outputs) : outputs,
            num_classes: outputs.length,
          }
        })
        const tokens = rows.reduce((sum, [rated]) => sum + tokensOf(rated!.score), 0)
        return {
          id: `classify-${randomUUID().replaceAll('-', '')}`,
          object: 'list',
          created: Math.floor(now().getTime() / 1000),
          model: facts.names[0],
          data,
          usage: { prompt_tokens: tokens, total_tokens: tokens, completion_tokens: 0, prompt_tokens_details: null },
        }
      })
  }

const tokensOf = ({
  promptTokens,
  completionTokens,
}: {
  promptTokens: number | null
  completionTokens: number | null
}) => (promptTokens ?? 0) + (completionTokens ?? 0)

/** Sigmoid of a single output, softmax of several. @example activated([0]) // [0.5] */
export function activated(outputs: readonly number[]): number[] {
  if (outputs.length === 1) return [1 / (1 + Math.exp(-outputs[0]!))]
  const top = Math.max(...outputs)
  const parts = outputs.map((output) => Math.exp(output - top))
  const total = parts.reduce((sum, part) => sum + part, 0)
  return parts.map((part) => part / total)
}

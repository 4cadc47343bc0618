import { z } from 'zod'

/**
 * The bodies of the routes of a model. A field that a peer of ours sends and that changes no reward is named here and ignored; any other is
 * refused, since a client that sends it expects something of it.
 */
const text = z.string({ error: 'Input should be a valid string' })
const solution = z.union([text, z.strictObject({ fxn_name: text, answer_info: text, problem_type: text }), z.null()], {
  error: 'Input should be fxn_name!:!answer_info!:!problem_type, an object with those three keys, or null',
})
const messages = z.array(z.strictObject({ role: text, content: text })).min(1, 'List should have at least 1 message')
const textOrMessages = z.union([text, messages], {
  error: 'Input should be a string, or a list of messages {role, content}',
})
const step = z.number().int().nonnegative().nullish()

/** OpenRLHF's. `labels` are solutions; an empty one is none. */
export const getRewardBody = z.strictObject({
  query: z.array(text, { error: 'Input should be a list of strings' }),
  prompts: z.array(z.union([text, z.null()])).nullish(),
  labels: z.array(solution).nullish(),
  step,
})

const rewardsOf = (batch: number) =>
  z.strictObject({
    prompt: textOrMessages,
    completions: z
      .array(textOrMessages)
      .min(1, 'List should have at least 1 completion')
      .max(batch, `List should have at most ${batch} completions`),
    solution: solution.optional(),
    step,
  })
/** @param batch most completions of one request, and most requests of one list */
export const rewardsBody = (batch: number) => ({
  one: rewardsOf(batch),
  list: z.array(rewardsOf(batch)).min(1).max(batch),
})

/** What vLLM's and SGLang's clients may send beside, without meaning for a score. */
const IGNORED = ['user', 'rid', 'request_id', 'priority', 'cache_salt'] as const

/** vLLM's and SGLang's. */
export const classifyBody = (batch: number) =>
  z.strictObject({
    model: text.nullish(),
    input: z.union([text, z.array(text).min(1).max(batch, `List should have at most ${batch} strings`)], {
      error: `Input should be a string or a list of at most ${batch} strings; token ids are not taken`,
    }),
    use_activation: z.boolean().nullish(),
    /** Its name before vLLM 0.11.2, as verl sends it. */
    activation: z.boolean().nullish(),
    add_special_tokens: z.boolean().nullish(),
    truncate_prompt_tokens: z.null({ error: 'Set --max-length and --truncation of the server' }).optional(),
    truncation_side: z.null({ error: 'Set --max-length and --truncation of the server' }).optional(),
    padding: z.enum(['do_not_pad'], { error: 'Texts are not padded' }).nullish(),
    mm_processor_kwargs: z.null({ error: 'The model reads text alone' }).optional(),
    ...Object.fromEntries(IGNORED.map((name) => [name, z.unknown().optional()])),
  })

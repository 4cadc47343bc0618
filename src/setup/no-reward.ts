import { existsSync } from 'node:fs'
import { type HarnessError, ModelError, UsageError } from '../errors.ts'
import type { ModelChoice } from './config.ts'

/** Models that RewardBench runs, and other judges, which give no score of one text; known by name, so that nothing is fetched of them. */
interface Kind {
  readonly names: readonly RegExp[]
  /** What the model is, as the rest of "<name> is …". */
  readonly what: string
  readonly hint: string
}

const JUDGE_HINT =
  'A judge writes which of two answers is better; it has no reward of its own. Use a reward model with run-rm, or a policy with run-dpo.'
const PAIR_HINT =
  'Its verdict needs both texts at once, and RewardBench saves no score of it either. Use a reward model.'

/** Models behind an API: nothing that could be opened here, whatever the bin. */
const API: Kind = {
  names: [
    /^(openai\/)?(gpt-[345]|chatgpt-|text-davinci-|o[1-9](-|$))(?!oss)/,
    /^(anthropic\/)?claude-/,
    /^(google\/)?gemini-/,
    /^(cohere\/)?command-(r|a|light|nightly)/,
    /^(deepseek\/)?deepseek-(chat|reasoner)$/,
  ],
  what: 'a generative judge behind an API',
  hint: JUDGE_HINT,
}

/** Of these run-rm can make nothing; as a policy of run-dpo a judge is a causal language model like any other. */
const NO_REWARD: readonly Kind[] = [
  {
    names: [
      /\bprometheus\b/i,
      /\/Con-J/,
      /OffsetBias-8B$/,
      /\/(Selene|Atla)/i,
      /RISE-Judge/,
      /Self-taught-evaluator/i,
      /Skywork-Critic/,
      /CompassJudger/,
      /\b(auto-j|JudgeLM|PandaLM)\b/i,
    ],
    what: 'a generative judge',
    hint: JUDGE_HINT,
  },
  {
    names: [/SteamSHP/i],
    what: 'a T5 encoder-decoder that writes the letter of the better of two answers',
    hint: PAIR_HINT,
  },
  {
    names: [/^llm-blender\/PairRM/i, /^mightbe\/Better-PairRM$/, /^RLHFlow\/pair-preference-model/],
    what: 'a model that compares two answers',
    hint: PAIR_HINT,
  },
  {
    names: [/^internlm\/POLAR/],
    what: 'a reward model that measures a text against a reference answer',
    hint: 'Its reward needs a reference answer beside each text, which pairs do not have. Use another reward model.',
  },
  {
    names: [/Skywork-VL-Reward/],
    what: 'a reward model over a vision backbone',
    hint: 'Only text models are built here: see Limits in the README.',
  },
]

/** The refusal of a model that is known to give no reward; null for every other. A folder is judged by what is in it. */
export function refusedByName({ name, role }: ModelChoice): HarnessError | null {
  if (name === null || existsSync(name)) return null
  const fits = ({ names }: Kind): boolean => names.some((pattern) => pattern.test(name))
  if (fits(API)) return new UsageError(`is ${API.what}: not run here`, `--model ${name}`, API.hint)
  const kind = role === 'rm' ? NO_REWARD.find(fits) : undefined
  return kind === undefined ? null : new ModelError(`is ${kind.what}: it gives no reward`, name, kind.hint)
}

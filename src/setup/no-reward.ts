import { existsSync } from 'node:fs'
import { type HarnessError, ModelError, UsageError } from '../errors.ts'
import { LETTERS } from '../model/heads/letters.ts'
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
  'Its verdict needs both texts at once. Of models that compare two answers PairRM (llm-blender/PairRM-hf) is run, and causal models with --head letters.'

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
    names: [/^llm-blender\/PairRM$/i],
    what: "PairRM in LLM-Blender's own layout",
    hint: 'Use llm-blender/PairRM-hf, the same weights as transformers reads them.',
  },
  {
    names: [/^mightbe\/Better-PairRM$/],
    what: "a model of PairRM's class that was trained on texts of another format, for which there is no reference that runs",
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

/** Causal models that name the better of two answers by a letter: run, where that is asked for. */
const BY_LETTERS: Kind = {
  names: [/^RLHFlow\/pair-preference-model/],
  what: 'a causal model that names the better of two answers by a letter',
  hint: 'Ask for that: --head letters.',
}

/**
 * The refusal of a model that is known to give no reward; null for every other. A folder is judged by what is in it.
 * @param head `--head`
 */
export function refusedByName({ name, role }: ModelChoice, head: string | null): HarnessError | null {
  if (name === null || existsSync(name)) return null
  const fits = ({ names }: Kind): boolean => names.some((pattern) => pattern.test(name))
  if (fits(API)) return new UsageError(`is ${API.what}: not run here`, `--model ${name}`, API.hint)
  const kinds = head === LETTERS ? NO_REWARD : [...NO_REWARD, BY_LETTERS]
  const kind = role === 'rm' ? kinds.find(fits) : undefined
  return kind === undefined ? null : new ModelError(`is ${kind.what}: it gives no reward`, name, kind.hint)
}

import { UsageError } from '../../errors.ts'
import { list, number, type Option, section, text, toggle, whole } from '../../setup/option.ts'
import { SCREEN, seed, VERIFICATION } from '../../setup/options.ts'

/** Every option of `make-pairs`. */
const MAKE = section(
  { group: 'Making pairs' },
  {
    from: text(
      'What to make pairs from: SMILES or reactions (.smi, one per line), rows of pairs or of ether0, or groups of rollouts',
      null,
    ),
    benchmark: text('Make a benchmark that ships, from molecules that ship: chem-pairs-v1', null),
    kinds: {
      ...list('Kinds of pairs, comma-separated; --list-kinds explains them', { shown: 'all that fit' }),
      read: (given: unknown) => names(given, '--kinds', 'ch2,stereo_inversion'),
    },
    problems: {
      ...list('Problems that molecules are asked about, comma-separated; --list-kinds explains them', {
        shown: 'those whose verdict rests on no stand-in filter',
      }),
      read: (given: unknown) => names(given, '--problems', 'name,formula'),
    },
    invariance: text(
      'Rewrite the chosen (or first) completion of every row of a file, or of built-in data: the same chemistry in other words, and other molecules in its place; writes groups',
      null,
    ),
    transformations: {
      ...list('With --invariance: which ways to rewrite, comma-separated', { shown: 'all' }),
      read: (given: unknown) => names(given, '--transformations', 'smiles_order,kekule'),
    },
    listKinds: toggle('Print the kinds of pairs and of problems, and stop', false),
    n: whole([1], 'Pairs to make, spread evenly over the kinds', null, { shown: 'one per input row' }),
    perPrompt: whole([1, 1000], 'Pairs per prompt at most, of recorded rollouts', 4),
    soft: toggle('Of recorded rollouts: partial credit, so that two partly right answers make a pair', false),
    minMargin: number('Of recorded rollouts with --soft: smallest difference of the two rewards, above 0', null, {
      shown: '0.1',
      check: margin,
    }),
    balance: toggle(
      'Of recorded rollouts: choose pairs so that the longer answer is chosen in half of them (--no-balance takes all)',
      true,
    ),
    without: list(
      'Molecules that no pair may have: a file of SMILES (.smi) or of rows, whose every text counts; repeatable',
    ),
    output: text('File to write, .jsonl', null),
    seed: seed('Seed of every draw'),
    resume: toggle('Go on where an interrupted call with the same options stopped (--no-resume begins anew)', true),
  },
)
const CHECK = section(
  { group: 'Checking pairs' },
  {
    validate: text('File or folder of pairs to check; prints a table of findings', null),
    against: list('Another split, which must not share molecules, scaffolds or prompts with the one checked'),
    card: text('With --validate: write a card (Markdown) with counts, licences and hashes', null),
    licence: list('With --card: a licence of the molecules or texts, repeatable'),
    extraction: VERIFICATION.extraction,
    requireReasoning: VERIFICATION.requireReasoning,
  },
)
const CHEMISTRY = section(
  { group: 'Verifiable rewards' },
  {
    ringsBloom: text('Ring systems, a molbloom file', null, { shown: 'embedded' }),
    fingerprintsBloom: text('Morgan environments, a molbloom file', null, { shown: 'embedded' }),
    purchasableBloom: text('Purchasable molecules, a molbloom file', null, { shown: 'embedded' }),
    verifyWorkers: whole([1, 1024], VERIFICATION.verifyWorkers.describe, null, { shown: 'half the cores' }),
  },
)
/** `--quiet`, `--log-format`: the same as of the runs, in a bin that makes none. */
const { quiet, logFormat } = SCREEN

export const OPTIONS = { ...MAKE, ...CHECK, ...CHEMISTRY, quiet, logFormat } satisfies Record<string, Option>

/** @example names(['ch2,stereo-inversion', 'hedged']) // ['ch2', 'stereo_inversion', 'hedged'] */
function names(given: unknown, flag: string, example: string): readonly string[] {
  if (given === undefined || given === null) return []
  const names = (Array.isArray(given) ? given : [given])
    .flatMap((part) => String(part).split(','))
    .map((name) => name.trim().replaceAll('-', '_'))
  if (names.includes('')) throw new UsageError('has an empty name', flag, `Write ${flag} ${example}.`)
  return [...new Set(names)]
}

function margin(value: number, flag: string): void {
  if (!(value > 0) || value > 1) throw new UsageError(`${value} is not in (0, 1]`, flag)
}

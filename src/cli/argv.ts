/**
 * HERM's users paste snake_case flags: `--batch_size 8` means `--batch-size 8`. Only the flag's name changes, never a value;
 * what follows `--` is left alone.
 * @example kebabFlags(['--chat_template', 'a_b', '--no_resume']) // ['--chat-template', 'a_b', '--no-resume']
 */
export function kebabFlags(argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  return argv.map((arg, i) => {
    if ((end >= 0 && i >= end) || !arg.startsWith('--')) return arg
    const eq = arg.indexOf('=')
    const name = eq < 0 ? arg : arg.slice(0, eq)
    return name.replaceAll('_', '-') + (eq < 0 ? '' : arg.slice(eq))
  })
}

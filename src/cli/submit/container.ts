import type { JobRun } from './plan.ts'

/**
 * What a container runs: the shard of $SHARDS that is its turn, as a child, so that a stop reaches it and it ends as by Ctrl-C. Nothing of the
 * table stands in it. The last shard to finish merges all, under the store's lock: nothing waits for anything, and a merging that is cut off
 * is done again when that shard is started again. 4 (done, some rows have no score) is no failure.
 * @param index the variable that counts the containers, from 0
 */
export const containerScript = (
  run: JobRun,
  options: string,
  index: string,
  localStore: string | null = null,
): string =>
  [
    'set -u',
    `[ -n "\${${index}:-}" ] || { echo "${index} is not set" >&2; exit 2; }`,
    'set -- $SHARDS',
    `shift "$${index}"`,
    'part=$1',
    `export CHEMHERM_TASK="${run.name} shard $part of ${run.shards}"`,
    'stop= child=',
    `trap 'stop=1; [ -n "$child" ] && kill -TERM "$child"' TERM`,
    `chemherm ${run.command} --config ${options}${run.shards === 1 ? '' : ` --shard "$part/${run.shards}"`}${localStore === null || run.command === 'run-verify' ? '' : ` --local-store "${localStore}"`} &`,
    'child=$!',
    // a stop that came before its number was known
    '[ -n "$stop" ] && kill -TERM "$child"',
    'wait "$child"',
    'code=$?',
    'while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done',
    'if [ "$code" -eq 4 ]; then echo "exit code 4: done, some rows have no score" >&2; exit 0; fi',
    'exit "$code"',
    '',
  ].join('\n')

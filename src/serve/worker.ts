import { join } from 'node:path'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { InterruptedError } from '../errors.ts'
import { machine, versions } from '../report/manifest.ts'
import { claimRunFolder } from '../setup/folder.ts'
import { identityRecord } from '../setup/identity.ts'
import { scorerName } from '../setup/models.ts'
import { ChangedFiles } from '../setup/weights-watch.ts'
import { openStore, type Store } from '../store/log.ts'
import { Batcher } from './batcher.ts'
import { factsOf, loadServed, type ServedModels, servedIdentity } from './models.ts'
import type { EngineFacts, FromThread, ThreadStart, ToThread } from './thread.ts'
import { plainError } from './thread.ts'

// ◆ The engine's thread: ONNX Runtime's `run` blocks the thread that calls it, so that the server's own must not. Here are the tokenizers, the
// models and the measurements; the main thread parses, verifies and answers.

/** In place of a data set's name: what was asked of a server. */
const SERVED = 'served'
const start = workerData as ThreadStart
const port = parentPort as MessagePort
const tell = (message: FromThread): void => port.postMessage(message)
/** So often is a model tried whose files were changed. */
const TRY_AGAIN_MS = 2000
/** Lets messages in between two batches. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

try {
  await serve()
} catch (error) {
  tell({ kind: 'failed', error: plainError(error) })
  port.close()
}

async function serve(): Promise<void> {
  const say = (line: string, warning: boolean): void => tell({ kind: 'say', line, warning })
  const served = await loadServed(start.config, start.given, say)
  const begun = performance.now()
  const runners = await served.open()
  for (const { info } of runners) for (const note of info.notes ?? []) say(note, true)
  const openMs = performance.now() - begun
  let store: Store | null = null
  const kept = start.store === null ? null : keptOf(served, start.store, say)
  if (kept !== null) {
    store = await openStore(join(kept.folder, 'measurements.jsonl'), { config: start.config })
    const { tornBytes, damagedLines } = store.repairs
    if (tornBytes > 0 || damagedLines.length > 0)
      say(
        `${store.path}: ${tornBytes} bytes behind the last batch were cut off, ${damagedLines.length} damaged lines left out`,
        true,
      )
    if (store.size > 0) say(`${kept.folder} holds ${store.size} measurements already: it goes on`, false)
  }
  const batcher = new Batcher({
    ...served,
    runners,
    store,
    clock: () => performance.now(),
    onDone: (request, scores) => {
      // first, so that who has an answer finds it counted
      tell({ kind: 'work', work: batcher.work })
      tell({ kind: 'done', request, scores })
    },
    onRefused: (request, error) => tell({ kind: 'refused', request, error: plainError(error) }),
    onBatch: (batch) => tell({ kind: 'batch', batch }),
    onHalved: (words) => say(words, true),
    onTrouble(error) {
      say(`a batch failed: ${error instanceof Error ? error.message : String(error)}`, true)
      if (error instanceof ChangedFiles) lost(error)
    },
  })
  /** When a model is tried next whose files were changed; null: nothing is wrong with them. */
  let again: number | null = null
  const lost = (error: ChangedFiles): void => {
    again = performance.now() + TRY_AGAIN_MS
    tell({ kind: 'model', trouble: error.message })
  }
  const tryAgain = async (): Promise<void> => {
    try {
      await warmUp(served, runners)
      again = null
      tell({ kind: 'model', trouble: null })
      say('the model is computed with again: its files are those that were hashed', false)
    } catch (error) {
      if (error instanceof ChangedFiles) lost(error)
      else again = performance.now() + TRY_AGAIN_MS
    }
  }
  const warmUpMs = await warmUp(served, runners)
  tell({ kind: 'ready', facts: factsOf(served, runners, { openMs, warmUpMs, kept }) })

  let closing = false
  let wake: (() => void) | null = null
  port.on('message', (message: ToThread) => {
    if (message.kind === 'close') closing = true
    else if (message.kind === 'cancel') batcher.cancel(message.request)
    else add(message)
    wake?.()
  })
  const add = ({ request, asked }: Extract<ToThread, { kind: 'score' }>): void => {
    let tokens = 0
    try {
      tokens = batcher.add(request, asked)
    } catch (error) {
      tell({ kind: 'refused', request, error: plainError(error) })
    }
    tell({ kind: 'queued', request, tokens })
  }
  while (!closing) {
    if (again !== null && performance.now() >= again) {
      await tryAgain()
      // the server may have been told to stop meanwhile
      continue
    }
    if (batcher.busy) {
      await batcher.step()
      await turn()
      continue
    }
    const timer = again === null ? null : setTimeout(() => wake?.(), again - performance.now())
    await new Promise<void>((resolve) => {
      wake = resolve
    })
    wake = null
    if (timer !== null) clearTimeout(timer)
    // requests that came together are planned together
    await turn()
  }
  batcher.refuseAll(new InterruptedError('the server stops', 'reward engine'))
  store?.close()
  for (const runner of runners) await runner.release()
  tell({ kind: 'closed' })
  port.close()
}

/** Measures one short text under every model, which is kept nowhere. Milliseconds. */
async function warmUp(served: ServedModels, runners: Awaited<ReturnType<ServedModels['open']>>): Promise<number> {
  const begun = performance.now()
  await new Promise<void>((resolve, reject) => {
    const batcher = new Batcher({
      ...served,
      runners,
      store: null,
      clock: () => 0,
      onDone: () => resolve(),
      onRefused: (_request, error) => reject(error),
      onTrouble: reject,
    })
    batcher.add(0, {
      kind: 'texts',
      texts: [{ prompt: 'Name the alcohol', completion: ' of two carbons: ethanol' }],
      addSpecialTokens: true,
    })
    const run = async (): Promise<void> => {
      while (batcher.busy) await batcher.step()
    }
    run().catch(reject)
  })
  return performance.now() - begun
}

/** Claims the folder of these weights and options below the store. */
function keptOf(
  served: ServedModels,
  outputDir: string,
  say: (line: string, warning: boolean) => void,
): NonNullable<EngineFacts['kept']> {
  const identity = servedIdentity(served, start.answers)
  const place = claimRunFolder({
    outputDir,
    scorer: scorerName(served.config, served.models),
    dataset: SERVED,
    identity,
  })
  for (const remark of place.remarks)
    say(remark.replace('belongs to other data', 'belongs to other options or other chemistry data'), true)
  return {
    folder: place.path,
    record: {
      config: { ...served.config, ...start.answers },
      versions: versions(),
      machine: machine(),
      identity: identityRecord(identity),
      score: served.scorer.formula,
      models: served.models.map((model, m) => ({
        role: model.choice.role,
        name: model.name,
        source: model.resolved.source,
        revision: model.resolved.revision,
        architecture: model.description.architecture,
        dtype: served.subjects.conversation[m]!.dtype,
        device: served.device.device,
        weights_sha256: model.weightsSha256,
        files: model.hashes,
        tokenizer: { sha256: model.tokenizer.sha256 },
        text: served.subjects.conversation[m]!.text,
      })),
      device: served.device,
      plan: served.plan,
      dataset: { name: SERVED, sha256: identity.dataSha256 },
    },
  }
}

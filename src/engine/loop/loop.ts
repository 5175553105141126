/**
 * Observe, decide, act, until the run ends. The loop holds no position: every pass decides from what is there now, so a
 * start after a crash is no different from the next pass.
 */
import { UpgradeError } from '../model/error.ts'
import { heartbeatMs, recordLookMs } from '../model/limits.ts'
import { act } from './act.ts'
import { decide } from './decide.ts'
import type { Ending, LoopOptions } from './ending.ts'
import { look } from './look.ts'
import { observe } from './observe.ts'
import { stopCleanly } from './orderly-stop.ts'
import type { Pass } from './pass.ts'
import { progressOf, sameProgress } from './progress.ts'
import { beginSession, type Session } from './session.ts'
import { bookStage } from './stage-times.ts'
import { tellGates } from './tell-gates.ts'

/** Rejects only because of a bug. */
export async function loop(options: LoopOptions): Promise<Ending> {
  const session = beginSession(options)
  try {
    return await passes(session)
  } catch (error) {
    if (!(error instanceof UpgradeError)) throw error
    // As it is recorded: what could not be written is not so.
    const run = options.store.current().run ?? session.run
    return { kind: 'broken-off', run, outstanding: session.executor.busy(), error }
  } finally {
    session.gates.stop()
  }
}

async function passes(session: Session): Promise<Ending> {
  for (;;) {
    if (session.signal.aborted) return stopCleanly(session)
    const seen = await look(session)
    if (!seen) continue
    await keepRecord(session)
    const { world, change } = seen
    try {
      observe(world, session.observations, session.run)
      tellGates(world, session)
      const verdict = decide(world, session.run)
      await book({ world, run: session.run, verdict }, session)
      const pass = { world, run: session.run, verdict }
      showSightings(pass, session)
      show(pass, session)
      const ending = await act(pass, session, change)
      if (ending) return ending
    } finally {
      change.cancel()
    }
  }
}

/** Somebody may delete it by mistake. What is needed to undo the run is written again before anything more is changed. */
async function keepRecord(session: Session): Promise<void> {
  const { ports, store, recorder } = session
  const now = ports.clock.now()
  if (now - session.recordAt < recordLookMs) return
  session.recordAt = now
  try {
    if (await store.keep()) recorder.note('warning', 'the record', 'Somebody had deleted it; it was written again.')
  } catch (error) {
    // An API server that does not answer is the lock's affair.
    if (!(error instanceof UpgradeError) || error.details.code === 'lock-lost') throw error
  }
}

/** Times and counts into the run; into the record at the beginning of a stage. */
async function book(pass: Pass, session: Session): Promise<void> {
  const { run, isNew } = bookStage(pass, session.observations, session.recorder)
  session.run = run
  if (!isNew) return
  const { gone, total } = pass.verdict.survey
  await session.save(run.direction === 'forward' ? { ...run, podsMoved: gone, podsTotal: total } : run)
}

function showSightings({ world, run }: Pass, { sightings, recorder }: Session): void {
  const { nodes, pods } = sightings.look(world, run)
  if (nodes.length > 0 || pods.length > 0) recorder.event({ kind: 'seen', nodes, pods })
}

/** The picture of the run, when something in it has changed, and at least once per heartbeat. */
function show(pass: Pass, session: Session): void {
  const progress = progressOf(pass)
  const { shown } = session
  if (shown && sameProgress(shown, progress) && progress.at - shown.at < heartbeatMs) return
  session.shown = progress
  session.recorder.event({ kind: 'progress', progress })
}

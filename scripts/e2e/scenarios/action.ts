import type { ChildProcess } from 'node:child_process'
import { actionFile, startAction } from '../action-step.ts'
import { check, say } from '../expect.ts'
import { checkEvictions, type EndToEndScenario, mark, onGround, type ScenarioRun } from '../run.ts'
import { checkCalm, checkNothingLeft, checkPlaced, checkRestored, checkSwapped, readSettings } from '../snapshot.ts'
import { checkExit, isBuilt, tail } from '../tool.ts'
import { shop } from '../workloads.ts'

export const action: EndToEndScenario = {
  name: 'action',
  what: 'the built action: bad input, cancelled, killed, each reverted by post; then a whole run',
  async run(testbed, keep) {
    if (!check('the action is built', isBuilt(actionFile), actionFile)) return
    const group = 'action'
    await onGround(testbed, keep, { group, workloads: shop(`shop-${group}`, '1s') }, async (stage) => {
      await badInput(stage)
      await cancelled(stage)
      await killedMain(stage)
      await whole(stage)
    })
  }
}

async function badInput({ testbed, before, ground }: ScenarioRun): Promise<void> {
  const step = startAction(testbed, { 'soak-minutes': 'soon', 'canary-nodes': '-1' })
  const main = await step.main.ended
  checkExit('bad input fails', main, 2)
  const errors = annotations(main.output, 'error')
  check(
    'one error quotes both values',
    errors.length === 1 && /soon[\s\S]*-1|-1[\s\S]*soon/.test(errors[0] ?? ''),
    errors
  )
  checkExit('post has nothing to do', await step.post(), 0)
  checkRestored(before, await readSettings(testbed, ground))
}

/** The gentle way to be stopped: SIGINT, and post in a process of its own. */
async function cancelled(stage: ScenarioRun): Promise<void> {
  const step = startAction(stage.testbed)
  await midDrain(stage, step.main.child)
  const askedAt = Date.now()
  step.main.child.kill('SIGINT')
  const main = await step.main.ended
  const took = Date.now() - askedAt
  checkExit('main after SIGINT', main, 130)
  check('it is gone within 2 s', took < 2000, `${took} ms`)
  check('it says what to do next', /revert|upgrade/.test(tail(main.output, 5)), tail(main.output, 3))
  await revertedByPost(stage, 'post after SIGINT', step.post)
}

async function killedMain(stage: ScenarioRun): Promise<void> {
  const step = startAction(stage.testbed)
  await midDrain(stage, step.main.child)
  step.main.child.kill('SIGKILL')
  await step.main.ended
  check('main has saved its run id', (step.state()['run-id'] ?? '') !== '', step.state())
  await revertedByPost(stage, 'post after SIGKILL', step.post)
}

async function midDrain({ observer, ground, podsBefore }: ScenarioRun, main: ChildProcess): Promise<void> {
  await observer.when('a third of the pods has moved', 120, () => {
    return observer.podsOn(ground.green).length >= podsBefore / 3 || main.exitCode !== null
  })
  const moved = observer.podsOn(ground.green).length
  check('stopped with some pods moved, not all', moved > 0 && moved < podsBefore, `${moved} of ${podsBefore}`)
}

async function revertedByPost(
  { testbed, ground, observer, before }: ScenarioRun,
  what: string,
  post: () => Promise<{ code: number | null; output: string }>
) {
  const startedAt = Date.now()
  const { code, output } = await post()
  const took = (Date.now() - startedAt) / 1000
  const holds = check(`${what}: exit 0`, code === 0, `exit ${code} after ${took.toFixed(1)} s`)
  if (!holds) console.log(tail(output))
  check('post kept within 4 minutes', took < 240, `${took.toFixed(1)} s`)
  checkCalm(observer)
  checkRestored(before, await readSettings(testbed, ground))
  checkPlaced(observer, ground.blue, ground.green)
  await checkNothingLeft(testbed)
}

async function whole(stage: ScenarioRun): Promise<void> {
  const { testbed, ground, observer, before } = stage
  const since = await mark(testbed)
  const step = startAction(testbed)
  const main = await step.main.ended
  checkExit('the whole run', main, 0)
  const outputs = step.outputs()
  const { outcome, reason, 'active-group': active, 'inactive-group': inactive, 'pods-moved': moved } = outputs
  check('outputs say how it ended', outcome === 'upgraded' && reason === '', { outcome, reason })
  check('outputs name the groups', active === ground.green && inactive === ground.blue, { active, inactive })
  check('outputs count the pods', Number(moved) >= stage.podsBefore - 3, `${moved}, of ${stage.podsBefore} there`)
  check(
    'outputs have run id and duration',
    Boolean(outputs['run-id']) && Number(outputs['duration-seconds']) > 0,
    outputs['run-id']
  )
  const summary = step.summary()
  check('the summary begins with the outcome', /upgraded/i.test(summary.split('\n')[0] ?? ''), summary.split('\n')[0])
  const groups = [...main.output.matchAll(/^::group::(.*)$/gm)].map(([, title]) => title)
  check('a log group per stage', groups.length >= 5, groups)
  check('no error annotation', annotations(main.output, 'error').length === 0, annotations(main.output, 'error'))
  say(`warnings: ${annotations(main.output, 'warning').length}, summary ${summary.length} characters`)
  const post = await step.post()
  checkExit('post after a good end', post, 0)
  checkCalm(observer)
  checkPlaced(observer, ground.green, ground.blue)
  checkSwapped(before, await readSettings(testbed, ground))
  await checkNothingLeft(testbed)
  checkEvictions(stage, since, ground.blue)
}

function annotations(output: string, level: 'error' | 'warning'): string[] {
  return [...output.matchAll(new RegExp(`^::${level}[ :].*$`, 'gm'))].map(([line]) => line)
}

// The Lambda function as Lambda runs it, called by the state machine of lambda/, against a real API server and an AWS emulator.
//   npm run e2e:lambda -- [--only NAME,…]

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { check, enter, totals } from './expect.ts'
import { prepareCluster } from './ground.ts'
import { startSandbox } from './lambda/function.ts'
import { type LambdaStage, scenarios } from './lambda/scenarios.ts'
import { createStateMachine } from './lambda/state-machine.ts'
import { lambdaTools } from './lambda/tools.ts'
import { grantRbac } from './permissions.ts'
import { endWith, root, startTestbed } from './testbed.ts'
import { isBuilt } from './tool.ts'

/** 25 s of it are kept for stopping, so that a slice has 12 s: a small upgrade takes several. */
const timeoutSeconds = 37

const { values } = parseArgs({ options: { only: { type: 'string' }, logs: { type: 'boolean', default: false } } })

try {
  await endWith(await main())
} catch (error) {
  console.error(error)
  await endWith(1)
}

async function main(): Promise<number> {
  const startedAt = Date.now()
  const names = values.only?.split(',')
  const chosen = scenarios.filter(({ name }) => names?.includes(name) ?? true)
  if (chosen.length === 0) {
    console.error(`no such scenario; there are ${scenarios.map(({ name }) => name).join(', ')}`)
    return 2
  }
  const folder = join(root, 'build/lambda')
  if (!isBuilt(join(folder, 'index.mjs'))) {
    console.error('There is no build/lambda. Run: npm run bundle:lambda')
    return 1
  }
  const testbed = await startTestbed('lambda', { aws: 5120, kubernetes: 19543 })
  if (!testbed) {
    console.log('⚠ THE LAMBDA FUNCTION WAS NOT TRIED: there is no ../shared/control-plane and ../shared/aws-emulator.')
    return 0
  }
  const tools = lambdaTools()
  await prepareCluster(testbed)
  await grantRbac(testbed)
  // Lambda gives every invocation that is under way a sandbox of its own; the emulator is one sandbox.
  const [first, second] = await Promise.all(
    ['upgrade', 'upgrade-too'].map((name, index) =>
      startSandbox(testbed, { name, folder, tools, port: 9420 + index, timeoutSeconds })
    )
  )
  if (!first || !second) return 1
  const stage: LambdaStage = {
    testbed,
    first,
    second,
    machine: await createStateMachine(testbed, first.name),
    other: await createStateMachine(testbed, second.name)
  }
  console.log(`the testbed and the function are up after ${seconds(startedAt)}`)
  for (const { name, what, run } of chosen) {
    const begun = Date.now()
    enter(name)
    console.log(`\n${name}: ${what}`)
    try {
      await run(stage)
    } catch (error) {
      check('it came to its end', false, error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    console.log(`  (${name} took ${seconds(begun)})`)
  }
  const { passed, failed, failures } = totals()
  if (values.logs || failed > 0) console.log(`\n${first.log()}\n${second.log()}`)
  for (const failure of failures) console.log(`✖ ${failure}`)
  console.log(`${passed} passed, ${failed} failed, ${seconds(startedAt)}`)
  return failed === 0 ? 0 : 1
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

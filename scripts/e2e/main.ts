// The end-to-end suite: the built command line and the built action against a real API server and an AWS emulator.
//   npm run e2e -- [--only NAME,…] [--keep] [--lanes N]
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { check, enter, totals } from './expect.ts'
import { prepareCluster } from './ground.ts'
import { grantRbac } from './permissions.ts'
import type { EndToEndScenario } from './run.ts'
import { action } from './scenarios/action.ts'
import { gates } from './scenarios/gates.ts'
import { held } from './scenarios/held.ts'
import { images } from './scenarios/images.ts'
import { killed } from './scenarios/killed.ts'
import { observer } from './scenarios/observer.ts'
import { permitted } from './scenarios/permitted.ts'
import { reverted } from './scenarios/reverted.ts'
import { upgraded } from './scenarios/upgraded.ts'
import { workflow } from './scenarios/workflow.ts'
import { adopt, endWith, startTestbed, type Testbed } from './testbed.ts'
import { commandLine, isBuilt } from './tool.ts'

const scenarios: readonly EndToEndScenario[] = [
  observer,
  upgraded,
  reverted,
  killed,
  action,
  permitted,
  workflow,
  held,
  gates,
  images
]

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    lanes: { type: 'string', default: '2' },
    lane: { type: 'string' }
  }
})

try {
  await endWith(await main())
} catch (error) {
  console.error(error)
  await endWith(1)
}

async function main(): Promise<number> {
  const names = values.only?.split(',') ?? scenarios.map(({ name }) => name)
  const unknown = names.filter((name) => !scenarios.some((one) => one.name === name))
  if (unknown.length > 0) {
    console.error(`no scenario ${unknown.join(', ')}; there are ${scenarios.map(({ name }) => name).join(', ')}`)
    return 2
  }
  // A testbed that was given is one, and a ground that is kept is looked at alone.
  const lanes = process.env.E2E_KUBECONFIG || values.keep ? 1 : Number(values.lanes)
  if (values.lane === undefined && lanes > 1 && names.length > 1) return sideBySide(names, lanes)
  const lane = Number(values.lane ?? 0)
  const startedAt = Date.now()
  const testbed = await startTestbed(`lane ${lane}`, { aws: 5100 + lane, kubernetes: 19443 + 10 * lane })
  if (!testbed) {
    console.log('⚠'.repeat(40))
    console.log(
      '⚠ END-TO-END SUITE SKIPPED: there is no ../shared/control-plane and ../shared/aws-emulator, and neither'
    )
    console.log('⚠ E2E_KUBECONFIG nor E2E_AWS_ENDPOINT_URL are set. NOTHING WAS CHECKED.')
    console.log('⚠'.repeat(40))
    return 0
  }
  console.log(`the testbed is up after ${seconds(startedAt)}: ${testbed.kubernetes.server}, ${testbed.aws.endpoint}`)
  await prepareCluster(testbed)
  await grantRbac(testbed)
  for (const name of names) await play(testbed, scenarios.find((one) => one.name === name) as EndToEndScenario)
  if (values.keep) await keepRunning(testbed)
  const { passed, failed, failures } = totals()
  for (const failure of failures) console.log(`✖ ${failure}`)
  console.log(`${passed} passed, ${failed} failed, ${seconds(startedAt)}`)
  return failed === 0 ? 0 : 1
}

async function play(testbed: Testbed, scenario: EndToEndScenario): Promise<void> {
  const startedAt = Date.now()
  enter(scenario.name)
  console.log(`\n${scenario.name}: ${scenario.what}`)
  if (scenario !== observer && !isBuilt(commandLine())) {
    check('the command line is built', false, commandLine())
    return
  }
  try {
    await scenario.run(testbed, values.keep)
  } catch (error) {
    check('it came to its end', false, error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  console.log(`  (${scenario.name} took ${seconds(startedAt)})`)
}

/** Each lane is a process with a testbed of its own; what it prints is shown scenario by scenario. */
async function sideBySide(names: readonly string[], lanes: number): Promise<number> {
  const startedAt = Date.now()
  const sums = { passed: 0, failed: 0 }
  const codes = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const mine = names.filter((_, index) => index % lanes === lane)
      const child = spawn(process.execPath, [import.meta.filename, '--only', mine.join(), '--lane', String(lane)], {
        stdio: ['ignore', 'pipe', 'inherit']
      })
      adopt(child, 'SIGTERM')
      const exit = new Promise<number>((done) => child.once('close', (code) => done(code ?? 1)))
      let block: string[] = []
      let summed = false
      for await (const line of createInterface({ input: child.stdout })) {
        const sum = /^(\d+) passed, (\d+) failed/.exec(line)
        if (sum) {
          summed = true
          sums.passed += Number(sum[1])
          sums.failed += Number(sum[2])
        } else block.push(line)
        if (sum || line.startsWith('  (')) console.log(block.splice(0).join('\n'))
      }
      if (block.length > 0) console.log(block.join('\n'))
      block = []
      if (!summed) console.log(`lane ${lane} (${mine.join()}) ended without a result`)
      return exit
    })
  )
  console.log(`${sums.passed} passed, ${sums.failed} failed, ${seconds(startedAt)}`)
  return codes.every((code) => code === 0) ? 0 : 1
}

/** `--keep` leaves the ground for people to look at; Ctrl-C takes it down. */
async function keepRunning(testbed: Testbed): Promise<void> {
  console.log(
    `\nThe ground is kept. export KUBECONFIG=${testbed.kubernetes.kubeconfig} AWS_ENDPOINT_URL=${testbed.aws.endpoint}`
  )
  console.log('Ctrl-C takes it down.')
  await new Promise(() => setInterval(() => {}, 60_000))
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

// The example workflows, each played through act against a real API server and the AWS emulator.
//   npm run e2e:workflows -- [--only NAME.yml,…]
import { parseArgs } from 'node:util'
import { installAct } from '../act.ts'
import { actionFile } from '../action-step.ts'
import { check, enter, totals } from '../expect.ts'
import { prepareCluster } from '../ground.ts'
import { grantRbac } from '../permissions.ts'
import { endWith, startTestbed } from '../testbed.ts'
import { isBuilt } from '../tool.ts'
import { budget, deployment } from '../workloads.ts'
import { aside, type ExampleRun, exampleRuns, type Stage } from './examples.ts'
import { makePair } from './pairs.ts'
import { exampleNames, exampleRepository } from './stage.ts'

const { values } = parseArgs({ options: { only: { type: 'string' } } })

try {
  await endWith(await main())
} catch (error) {
  console.error(error)
  await endWith(1)
}

async function main(): Promise<number> {
  const startedAt = Date.now()
  const names = values.only?.split(',') ?? exampleRuns.map(({ workflow }) => workflow)
  if (!isBuilt(actionFile)) {
    console.error(`${actionFile} is missing. Run: npm run bundle`)
    return 1
  }
  const stage = await prepare()
  if (!stage) {
    console.log(
      '⚠ SKIPPED: the example workflows need ../shared/control-plane and ../shared/aws-emulator. NOTHING WAS PLAYED.'
    )
    return 0
  }
  const lines: string[] = []
  for (const run of exampleRuns.filter(({ workflow }) => names.includes(workflow))) lines.push(await play(run, stage))
  for (const name of exampleNames.filter((one) => !exampleRuns.some(({ workflow }) => workflow === one))) {
    lines.push(`⚠ ${name}: linted, but not played here`)
  }
  console.log(`\n${lines.join('\n')}`)
  const { passed, failed, failures } = totals()
  for (const failure of failures) console.log(`✖ ${failure}`)
  console.log(`${passed} passed, ${failed} failed, ${seconds(startedAt)}`)
  return failed === 0 ? 0 : 1
}

/** Two clusters, each with one node group; the pods are on the nodes of shop. */
async function prepare(): Promise<Stage | undefined> {
  const [testbed, act] = await Promise.all([
    startTestbed('workflows', { aws: 5131, kubernetes: 19643 }, '1s', ''),
    installAct()
  ])
  if (!testbed?.auditLog) return undefined
  for (const cluster of ['shop', 'shop-staging']) await prepareCluster(testbed, cluster)
  await grantRbac(testbed)
  for (const name of ['eks-node-upgrade', 'terraform']) {
    await testbed.aws.iam.createRole({ RoleName: name, AssumeRolePolicyDocument: '{}' })
  }
  const staging = await makePair(testbed, 'shop-staging', 'workers', aside)
  const workers = await makePair(testbed, 'shop', 'workers')
  await testbed.kubernetes.create('/api/v1/namespaces', { metadata: { name: 'web' } })
  const objects = [
    deployment('web', 'shop', 6),
    budget('web', 'shop', { maxUnavailable: '50%' }),
    deployment('web', 'cart', 3)
  ]
  for (const { path, object } of objects) await testbed.kubernetes.create(path, object)
  return { act, testbed, repository: exampleRepository(), workers, staging }
}

async function play(run: ExampleRun, stage: Stage): Promise<string> {
  const startedAt = Date.now()
  enter(run.workflow)
  console.log(`\n${run.workflow}`)
  const failedBefore = totals().failed
  try {
    await run.play(stage)
  } catch (error) {
    check('it came to its end', false, error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  const mark = totals().failed === failedBefore ? '✔' : '✖'
  return `${mark} ${run.workflow} (${seconds(startedAt)}); stands in: ${run.standIns}`
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

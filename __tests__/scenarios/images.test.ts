import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../src/engine/model/report.ts'
import { scenarioNamed } from '../../src/lab/scenarios/all.ts'
import { runScenario } from '../../src/lab/simulation/run-scenario.ts'

async function plansOf(name: string): Promise<readonly Plan[]> {
  const scenario = scenarioNamed(name)
  assert.ok(scenario)
  const plans: Plan[] = []
  await runScenario(scenario, {
    tell(event) {
      if (event.kind === 'plan') plans.push(event.plan)
    }
  })
  return plans
}

test('an alias that has not moved is no reason to warn that the active group follows something else', async () => {
  const [before, moved] = await plansOf('ami-alias-moved')
  assert.deepEqual(before?.warnings, [])
  assert.deepEqual(before?.changes, [])
  assert.match(before?.image ?? '', /current: nothing is written/)
  assert.match(
    moved?.image ?? '',
    /follows \/aws\/service\/eks\S+, which means ami-0bbbbbbbbbbbbbb02 now: nothing is written/
  )
})

test('the plan says which version it writes, and shows both images by their names', async () => {
  const [plan] = await plansOf('ami-planned')
  assert.match(plan?.image ?? '', /A new version of shop-workers-green is written, in which only the image changes/)
  assert.deepEqual(plan?.changes, [
    {
      field: 'image',
      from: 'ami-0aaaaaaaaaaaaaa01 (amazon-eks-node-al2023-x86_64-standard-1.37-v20261002)',
      to: 'ami-0bbbbbbbbbbbbbb02 (amazon-eks-node-al2023-x86_64-standard-1.37-v20261119)'
    }
  ])
})

test('a group that needs a template of its own is told the commands for it', async () => {
  const [plan] = await plansOf('ami-shared-template')
  const remedies = plan?.blockers.flatMap((blocker) => blocker.remedies).join('\n') ?? ''
  assert.match(remedies, /aws ec2 create-launch-template --launch-template-name shop-workers-green-template/)
  assert.match(remedies, /update-auto-scaling-group --auto-scaling-group-name shop-workers-green/)
})

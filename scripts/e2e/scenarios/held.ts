import { check } from '../expect.ts'
import { type EndToEndScenario, onGround, type ScenarioRun } from '../run.ts'
import {
  checkCalm,
  checkNothingLeft,
  checkPlaced,
  checkRestored,
  checkSwapped,
  readSettings,
  sizes
} from '../snapshot.ts'
import { checkExit, runCli } from '../tool.ts'
import { shop } from '../workloads.ts'

export const held: EndToEndScenario = {
  name: 'held',
  what: 'held and reverted, then held and finalized',
  async run(testbed, keep) {
    const group = 'held'
    await onGround(testbed, keep, { group, workloads: shop(`shop-${group}`, '1s') }, async (stage) => {
      const { ground, observer, before } = stage
      checkExit('upgrade --hold', await runCli(testbed, 'upgrade', { options: { hold: 'true' } }), 0, 'held')
      await checkHeld(stage)
      checkExit('upgrade while held', await runCli(testbed, 'upgrade'), 0, 'held')
      checkExit('revert', await runCli(testbed, 'revert'), 0, 'reverted')
      checkCalm(observer)
      checkRestored(before, await readSettings(testbed, ground))
      checkPlaced(observer, ground.blue, ground.green)
      await checkNothingLeft(testbed)

      checkExit('upgrade --hold', await runCli(testbed, 'upgrade', { options: { hold: 'true' } }), 0, 'held')
      checkExit('finalize', await runCli(testbed, 'finalize'), 0, 'upgraded')
      checkCalm(observer)
      checkSwapped(before, await readSettings(testbed, ground))
      checkPlaced(observer, ground.green, ground.blue)
      await checkNothingLeft(testbed)
      checkExit('finalize without an open run', await runCli(testbed, 'finalize'), 0, 'nothing to finalize')
    })
  }
}

async function checkHeld({ testbed, ground, observer, before }: ScenarioRun): Promise<void> {
  checkPlaced(observer, ground.green, ground.blue)
  const { blue } = await readSettings(testbed, ground)
  check('the outgoing group has all its instances', blue.instances.join() === before.blue.instances.join(), sizes(blue))
  check(
    'they are protected',
    blue.protected.length === blue.instances.length,
    `${blue.protected.length} of ${blue.instances.length}`
  )
  const open = observer.nodesOf(ground.blue).filter(({ spec }) => !spec.unschedulable)
  check('its nodes stay cordoned', open.length === 0, `${open.length} schedulable`)
  const lease = await testbed.kubernetes.get(
    '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/eks-node-upgrade'
  )
  check('I8: the Lease is held by no one', !lease?.spec?.holderIdentity, lease?.spec?.holderIdentity ?? 'none')
}

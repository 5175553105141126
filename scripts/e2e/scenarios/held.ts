import { check } from '../expect.ts'
import { onGround, type Scenario, type Stage } from '../run.ts'
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

export const held: Scenario = {
  name: 'held',
  what: 'held and reverted, then held and finalized',
  async run(world, keep) {
    const group = 'held'
    await onGround(world, keep, { group, workloads: shop(`shop-${group}`, '1s') }, async (stage) => {
      const { ground, observer, before } = stage
      checkExit('upgrade --hold', await runCli(world, 'upgrade', { options: { hold: 'true' } }), 0, 'held')
      await checkHeld(stage)
      checkExit('upgrade while held', await runCli(world, 'upgrade'), 0, 'held')
      checkExit('revert', await runCli(world, 'revert'), 0, 'reverted')
      checkCalm(observer)
      checkRestored(before, await readSettings(world, ground))
      checkPlaced(observer, ground.blue, ground.green)
      await checkNothingLeft(world)

      checkExit('upgrade --hold', await runCli(world, 'upgrade', { options: { hold: 'true' } }), 0, 'held')
      checkExit('finalize', await runCli(world, 'finalize'), 0, 'upgraded')
      checkCalm(observer)
      checkSwapped(before, await readSettings(world, ground))
      checkPlaced(observer, ground.green, ground.blue)
      await checkNothingLeft(world)
      checkExit('finalize with nothing open', await runCli(world, 'finalize'), 0, 'nothing to finalize')
    })
  }
}

async function checkHeld({ world, ground, observer, before }: Stage): Promise<void> {
  checkPlaced(observer, ground.green, ground.blue)
  const { blue } = await readSettings(world, ground)
  check('the outgoing group has all its instances', blue.instances.join() === before.blue.instances.join(), sizes(blue))
  check(
    'they are protected',
    blue.protected.length === blue.instances.length,
    `${blue.protected.length} of ${blue.instances.length}`
  )
  const open = observer.nodesOf(ground.blue).filter(({ spec }) => !spec.unschedulable)
  check('its nodes stay cordoned', open.length === 0, `${open.length} open`)
  const lease = await world.kubernetes.get(
    '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/eks-node-upgrade'
  )
  check('nobody holds the Lease', !lease?.spec?.holderIdentity, lease?.spec?.holderIdentity ?? 'none')
}

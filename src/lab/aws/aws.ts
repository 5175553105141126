/**
 * A small AWS in one process: Auto Scaling with time and random choices, and as much of EC2, EKS, Systems Manager and STS as an upgrade
 * of nodes needs. Its calls have the names and shapes of the SDK. What happens without a call (a machine dies, an alarm
 * goes off) is done through `world`.
 */
import { type LabAwsOptions, newAccount, type Preparation, prepare } from './account.ts'
import { gate, type RecordedCall, type Served, served } from './calls.ts'
import { descriptionActions } from './description-actions.ts'
import { ec2Actions } from './ec2.ts'
import { eksActions } from './eks.ts'
import { type AwsFaults, faults } from './faults.ts'
import { groupActions } from './group-actions.ts'
import { hookActions } from './hook-actions.ts'
import { instanceActions } from './instance-actions.ts'
import { policyActions } from './policy-actions.ts'
import { processActions } from './process-actions.ts'
import { scheduleActions } from './schedule-actions.ts'
import { ssmActions } from './ssm.ts'
import type { Account, Listener } from './state.ts'
import { stsActions } from './sts.ts'
import { tagActions } from './tag-actions.ts'
import { type AwsWorld, awsWorld } from './world.ts'

export type { LabAwsOptions } from './account.ts'

type AutoScalingActions = ReturnType<typeof groupActions> &
  ReturnType<typeof instanceActions> &
  ReturnType<typeof processActions> &
  ReturnType<typeof tagActions> &
  ReturnType<typeof descriptionActions> &
  ReturnType<typeof policyActions> &
  ReturnType<typeof scheduleActions> &
  ReturnType<typeof hookActions>

export interface LabAws extends Preparation {
  readonly account: Account
  readonly autoScaling: Served<AutoScalingActions>
  readonly ec2: Served<ReturnType<typeof ec2Actions>>
  readonly ssm: Served<ReturnType<typeof ssmActions>>
  readonly eks: Served<ReturnType<typeof eksActions>>
  readonly sts: Served<ReturnType<typeof stsActions>>
  readonly faults: AwsFaults
  /** All calls, oldest first. */
  readonly calls: RecordedCall[]
  readonly world: AwsWorld
  /** Tells the listener about every instance from now on. The returned function ends it. */
  listen(listener: Listener): () => void
}

export function createAws(options: LabAwsOptions): LabAws {
  const account = newAccount(options)
  const met = faults()
  const through = gate(options.clock, met)
  const autoScaling = {
    ...groupActions(account),
    ...instanceActions(account),
    ...processActions(account),
    ...tagActions(account),
    ...descriptionActions(account),
    ...policyActions(account),
    ...scheduleActions(account),
    ...hookActions(account)
  }
  const preparation = prepare(account)
  for (const zone of options.zones ?? ['a', 'b', 'c']) preparation.addSubnet(`${account.region}${zone}`)
  return {
    account,
    autoScaling: served(through, 'autoscaling', autoScaling),
    ec2: served(through, 'ec2', ec2Actions(account)),
    ssm: served(through, 'ssm', ssmActions(account)),
    eks: served(through, 'eks', eksActions(account)),
    sts: served(through, 'sts', stsActions(account)),
    faults: met,
    calls: through.calls,
    world: awsWorld(account),
    listen(listener) {
      account.listeners.add(listener)
      return () => account.listeners.delete(listener)
    },
    ...preparation
  }
}

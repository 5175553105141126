/** An instance as EC2 describes it, also after it has left its Auto Scaling group. */
import type { Instance, InstanceStateName, Tag } from '@aws-sdk/client-ec2'
import { instanceType } from './instance-types.ts'
import type { Account, LabInstance } from './state.ts'

const stateCodes: Record<LabInstance['machine'], number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48
}

export function describeMachine(account: Account, instance: LabInstance): Instance {
  const there = instance.machine !== 'terminated'
  return {
    InstanceId: instance.id,
    ImageId: instance.imageId,
    InstanceType: instance.instanceType as Instance['InstanceType'],
    State: { Code: stateCodes[instance.machine], Name: instance.machine as InstanceStateName },
    ...(instance.stateReason && { StateReason: instance.stateReason }),
    PrivateDnsName: there ? instance.privateDnsName : '',
    ...(there && { PrivateIpAddress: instance.privateIp, SubnetId: instance.subnetId }),
    LaunchTime: new Date(instance.launchedAt),
    Placement: { AvailabilityZone: instance.zone, Tenancy: 'default' },
    Architecture: instanceType(instance.instanceType)?.ProcessorInfo
      ?.SupportedArchitectures?.[0] as Instance['Architecture'],
    SecurityGroups: [],
    Tags: tagsOf(account, instance)
  }
}

function tagsOf(account: Account, instance: LabInstance): Tag[] {
  const group = account.groups.get(instance.groupName)
  const own = [...(group?.tags ?? [])].filter(([, { propagates }]) => propagates)
  return [
    { Key: 'aws:autoscaling:groupName', Value: instance.groupName },
    { Key: 'aws:ec2launchtemplate:id', Value: instance.launchTemplate?.LaunchTemplateId },
    { Key: 'aws:ec2launchtemplate:version', Value: instance.launchTemplate?.Version },
    ...own.map(([Key, { value }]) => ({ Key, Value: value }))
  ]
}

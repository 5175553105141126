/**
 * The engine's port to Auto Scaling over the lab's AWS, in process: the real adapter over the lab's own table of calls.
 */
import type { AutoScalingCalls, Ec2Calls, ServiceCall, SsmCalls } from '../../aws/aws-calls.ts'
import { isTransient } from '../../aws/aws-error.ts'
import { awsImages } from '../../aws/images.ts'
import { awsNodeGroups } from '../../aws/node-groups.ts'
import type { Ports } from '../../engine/model/ports.ts'
import type { LabAws } from '../aws/aws.ts'
import { ConnectionLost } from '../aws/lab-aws-error.ts'
import type { LabProcess } from './call-gate.ts'

/** The SDK repeats reads, and writes never. */
const readAttempts = 4

export interface NodeGroupsPortOptions {
  aws: LabAws
  process: LabProcess
  cluster: string
  clusterTagKey: string
}

export function labNodeGroups({
  aws,
  process,
  cluster,
  clusterTagKey
}: NodeGroupsPortOptions): Pick<Ports, 'nodeGroups' | 'images'> {
  // In the lab a call is never given up: time is virtual, and what is lost breaks at once.
  const never = new AbortController().signal
  const deadlines = { read: () => never, write: () => never }
  const access = { region: aws.account.region, deadlines }
  const calls = labCalls(aws, process)
  return {
    nodeGroups: awsNodeGroups(calls, { ...access, cluster, clusterTagKey }),
    images: awsImages(calls, access)
  }
}

function labCalls({ autoScaling, ec2, ssm }: LabAws, process: LabProcess): AutoScalingCalls & Ec2Calls & SsmCalls {
  const send = <Input, Output>(
    name: string,
    input: Input,
    action: (input: Input) => Promise<Output>,
    writes: boolean
  ): Promise<Output> =>
    process.call(
      { service: 'aws', name, input, writes },
      () => action(input),
      () => new ConnectionLost('socket hang up')
    )

  const write =
    <Input, Output>(name: string, action: (input: Input) => Promise<Output>): ServiceCall<Input, Output> =>
    (input) =>
      // Asked only whether it would be allowed, it changes nothing.
      send(name, input, action, (input as { DryRun?: boolean }).DryRun !== true)

  const read =
    <Input, Output>(name: string, action: (input: Input) => Promise<Output>): ServiceCall<Input, Output> =>
    async (input) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await send(name, input, action, false)
        } catch (error) {
          if (attempt === readAttempts || !isTransient(error)) throw error
          await process.clock.sleep(100 * 2 ** attempt)
        }
      }
    }

  return {
    describeAutoScalingGroups: read('DescribeAutoScalingGroups', autoScaling.describeAutoScalingGroups),
    describeScalingActivities: read('DescribeScalingActivities', autoScaling.describeScalingActivities),
    describePolicies: read('DescribePolicies', autoScaling.describePolicies),
    describeScheduledActions: read('DescribeScheduledActions', autoScaling.describeScheduledActions),
    describeLifecycleHooks: read('DescribeLifecycleHooks', autoScaling.describeLifecycleHooks),
    describeInstanceRefreshes: read('DescribeInstanceRefreshes', autoScaling.describeInstanceRefreshes),
    describeLaunchTemplateVersions: read('DescribeLaunchTemplateVersions', ec2.describeLaunchTemplateVersions),
    describeImages: read('DescribeImages', ec2.describeImages),
    describeInstances: read('DescribeInstances', ec2.describeInstances),
    getParameter: read('GetParameter', ssm.getParameter),
    createLaunchTemplateVersion: write('CreateLaunchTemplateVersion', ec2.createLaunchTemplateVersion),
    modifyLaunchTemplate: write('ModifyLaunchTemplate', ec2.modifyLaunchTemplate),
    deleteLaunchTemplateVersions: write('DeleteLaunchTemplateVersions', ec2.deleteLaunchTemplateVersions),
    updateAutoScalingGroup: write('UpdateAutoScalingGroup', autoScaling.updateAutoScalingGroup),
    suspendProcesses: write('SuspendProcesses', autoScaling.suspendProcesses),
    resumeProcesses: write('ResumeProcesses', autoScaling.resumeProcesses),
    setInstanceProtection: write('SetInstanceProtection', autoScaling.setInstanceProtection),
    createOrUpdateTags: write('CreateOrUpdateTags', autoScaling.createOrUpdateTags),
    deleteTags: write('DeleteTags', autoScaling.deleteTags),
    terminateInstanceInAutoScalingGroup: write(
      'TerminateInstanceInAutoScalingGroup',
      autoScaling.terminateInstanceInAutoScalingGroup
    )
  }
}

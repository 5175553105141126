/** The engine's port to Auto Scaling over the lab's AWS, in process: the same calls and translations as over the SDK. */
import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling'
import { isTransient, upgradeErrorFrom } from '../../aws/aws-error.ts'
import { activityFrom, companionsFrom, groupFrom, templateVersionFrom } from '../../aws/translation.ts'
import { UpgradeError } from '../../engine/model/error.ts'
import type { NodeGroups, TemplateRef } from '../../engine/model/node-group.ts'
import type { LabAws } from '../aws/aws.ts'
import { ConnectionLost } from '../aws/lab-aws-error.ts'
import type { LabProcess } from './call-gate.ts'

/** The SDK tries reads again by itself, and writes never. */
const readAttempts = 4

export interface NodeGroupsPortOptions {
  aws: LabAws
  process: LabProcess
  cluster: string
  clusterTagKey: string
}

export function labNodeGroups({ aws, process, cluster, clusterTagKey }: NodeGroupsPortOptions): NodeGroups {
  const { region } = aws.account
  const call = async <I, T>(name: string, input: I, action: (input: I) => Promise<T>, writes: boolean): Promise<T> => {
    try {
      const asked = { service: 'aws', name, input, writes } as const
      return await process.call(
        asked,
        () => action(input),
        () => new ConnectionLost('socket hang up')
      )
    } catch (error) {
      throw upgradeErrorFrom(error, { action: name, region })
    }
  }
  const write = <I>(name: string, input: I, action: (input: I) => Promise<unknown>) => call(name, input, action, true)
  const read = async <I, T>(name: string, input: I, action: (input: I) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call(name, input, action, false)
      } catch (error) {
        if (attempt === readAttempts || !isTransient(error)) throw error
        await process.clock.sleep(100 * 2 ** attempt)
      }
    }
  }
  const { autoScaling } = aws

  async function groups(input: object): Promise<AutoScalingGroup[]> {
    const found: AutoScalingGroup[] = []
    let NextToken: string | undefined
    do {
      const asked = { ...input, MaxRecords: 100, ...(NextToken ? { NextToken } : {}) }
      const page = await read('DescribeAutoScalingGroups', asked, autoScaling.describeAutoScalingGroups)
      found.push(...(page.AutoScalingGroups ?? []))
      NextToken = page.NextToken
    } while (NextToken)
    return found
  }

  return {
    async find() {
      const filter = clusterTagKey.includes('{cluster}')
        ? { Name: 'tag-key', Values: [clusterTagKey.replaceAll('{cluster}', cluster)] }
        : { Name: `tag:${clusterTagKey}`, Values: [cluster] }
      return (await groups({ Filters: [filter], IncludeInstances: false })).map(groupFrom)
    },
    async findTagged(key) {
      return (await groups({ Filters: [{ Name: 'tag-key', Values: [key] }], IncludeInstances: false })).map(groupFrom)
    },
    async describe(names) {
      if (names.length === 0) return []
      return (await groups({ AutoScalingGroupNames: [...new Set(names)] })).map(groupFrom)
    },
    template: (ref) => template(ref),
    async companions(name) {
      const AutoScalingGroupName = name
      const [group] = await groups({ AutoScalingGroupNames: [name], IncludeInstances: false })
      const named = { AutoScalingGroupName }
      const [policies, actions, hooks, refreshes] = await Promise.all([
        read('DescribePolicies', named, autoScaling.describePolicies),
        read('DescribeScheduledActions', named, autoScaling.describeScheduledActions),
        read('DescribeLifecycleHooks', named, autoScaling.describeLifecycleHooks),
        read('DescribeInstanceRefreshes', named, autoScaling.describeInstanceRefreshes)
      ])
      if (!group) throw gone(name)
      return companionsFrom({
        group,
        policies: policies.ScalingPolicies ?? [],
        scheduledActions: actions.ScheduledUpdateGroupActions ?? [],
        hooks: hooks.LifecycleHooks ?? [],
        refreshes: refreshes.InstanceRefreshes ?? []
      })
    },
    async activities(name, sinceAt) {
      const Filters = [{ Name: 'StartTimeLowerBound', Values: [new Date(sinceAt).toISOString()] }]
      const input = { AutoScalingGroupName: name, Filters, MaxRecords: 100 }
      const page = await read('DescribeScalingActivities', input, autoScaling.describeScalingActivities)
      const recent = (page.Activities ?? []).map(activityFrom).filter((activity) => activity.startedAt >= sinceAt)
      return recent.sort((one, other) => other.startedAt - one.startedAt)
    },
    async resize(name, { min, max, desired }) {
      if (min === undefined && max === undefined && desired === undefined) return
      const input = { AutoScalingGroupName: name, MinSize: min, MaxSize: max, DesiredCapacity: desired }
      await write('UpdateAutoScalingGroup', input, autoScaling.updateAutoScalingGroup)
    },
    async suspend(name, processes) {
      if (processes.length === 0) return
      const input = { AutoScalingGroupName: name, ScalingProcesses: [...processes] }
      await write('SuspendProcesses', input, autoScaling.suspendProcesses)
    },
    async resume(name, processes) {
      if (processes.length === 0) return
      const input = { AutoScalingGroupName: name, ScalingProcesses: [...processes] }
      await write('ResumeProcesses', input, autoScaling.resumeProcesses)
    },
    async protect(name, instanceIds, isProtected) {
      for (let from = 0; from < instanceIds.length; from += 50) {
        const InstanceIds = instanceIds.slice(from, from + 50)
        const input = { AutoScalingGroupName: name, InstanceIds, ProtectedFromScaleIn: isProtected }
        await write('SetInstanceProtection', input, autoScaling.setInstanceProtection)
      }
    },
    async protectNew(name, isProtected) {
      const input = { AutoScalingGroupName: name, NewInstancesProtectedFromScaleIn: isProtected }
      await write('UpdateAutoScalingGroup', input, autoScaling.updateAutoScalingGroup)
    },
    async tag(name, tags) {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({
        ...tagOf(name, Key),
        Value,
        PropagateAtLaunch: false
      }))
      await write('CreateOrUpdateTags', { Tags }, autoScaling.createOrUpdateTags)
    },
    async untag(name, keys) {
      await write('DeleteTags', { Tags: keys.map((key) => tagOf(name, key)) }, autoScaling.deleteTags)
    },
    async terminate(name, instanceIds) {
      for (const id of instanceIds) {
        const input = { AutoScalingGroupName: name, InstanceIds: [id], ShouldDecrementDesiredCapacity: false }
        await write(
          'TerminateInstanceInAutoScalingGroup',
          input,
          autoScaling.terminateInstanceInAutoScalingGroup as unknown as (input: object) => Promise<unknown>
        ).catch((error: unknown) => {
          if (!/no managed instance|instance id not found/i.test(String(error))) throw error
        })
      }
    }
  }

  async function template(ref: TemplateRef) {
    const which = ref.id === '' ? { LaunchTemplateName: ref.name } : { LaunchTemplateId: ref.id }
    const input = { ...which, Versions: [ref.version] }
    try {
      const found = await read('DescribeLaunchTemplateVersions', input, aws.ec2.describeLaunchTemplateVersions)
      const [version] = found.LaunchTemplateVersions ?? []
      return version && templateVersionFrom(version)
    } catch (error) {
      if (/^AWS refused \S+ InvalidLaunchTemplate(Id|Name)/.test(String((error as Error).message))) return undefined
      throw error
    }
  }
}

function gone(name: string): UpgradeError {
  return new UpgradeError(`there is no Auto Scaling group ${name} any more`, {
    code: 'group-not-found',
    outcome: 'refused',
    hint: 'aws autoscaling describe-auto-scaling-groups shows what there is'
  })
}

const tagOf = (name: string, key: string) => ({ ResourceId: name, ResourceType: 'auto-scaling-group', Key: key })

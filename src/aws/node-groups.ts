/**
 * The engine's port to Auto Scaling, over a table of calls: pages, chunks, translation and errors. It imports nothing
 * of the SDK at run time, because the lab runs it over calls of its own.
 */

import type { AutoScalingGroupNamesType } from '@aws-sdk/client-auto-scaling'
import type { Activity, Group, NodeGroups } from '../engine/model/node-group.ts'
import { readCompanions } from './attached-resources.ts'
import type { AutoScalingCalls, AwsAccess, Ec2Calls } from './aws-calls.ts'
import { translated } from './aws-error.ts'
import { readTemplateVersion } from './launch-template.ts'
import { allPages, chunksOf } from './paging.ts'
import { type TemplateVersionMethods, templateVersionMethods } from './template-versions.ts'
import { terminateInstances } from './termination.ts'
import { activityFrom, groupFrom } from './translation.ts'

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html */
const groupsPerPage = 100
/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html */
const activitiesPerPage = 100
/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetInstanceProtection.html */
const instancesPerProtection = 50
/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html */
const tagsPerCall = 25

export interface NodeGroupsOptions extends AwsAccess {
  cluster: string
  /** As in the input: with `{cluster}`, the key says to which cluster a group belongs; without it, the value does. */
  clusterTagKey: string
}

export function awsNodeGroups(calls: AutoScalingCalls & Ec2Calls, options: NodeGroupsOptions): NodeGroups {
  return { ...readMethods(calls, options), ...writeMethods(calls, options), ...templateVersionMethods(calls, options) }
}

type ReadMethods = Pick<
  NodeGroups,
  'place' | 'find' | 'findTagged' | 'describe' | 'template' | 'companions' | 'activities'
>

function readMethods(calls: AutoScalingCalls & Ec2Calls, options: NodeGroupsOptions): ReadMethods {
  const { region, cluster, clusterTagKey } = options
  const taggedGroups = (filter: { Name: string; Values: string[] }) =>
    readGroups(calls, options, { Filters: [filter], IncludeInstances: false })

  return {
    place: `region ${region}`,
    find: () => taggedGroups(clusterFilter(cluster, clusterTagKey)),
    findTagged: (key) => taggedGroups({ Name: 'tag-key', Values: [key] }),

    // An empty list of names would mean every group of the account:
    // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
    async describe(names) {
      const chunks = chunksOf([...new Set(names)], groupsPerPage)
      const pages = chunks.map((chunk) => readGroups(calls, options, { AutoScalingGroupNames: chunk }))
      return (await Promise.all(pages)).flat()
    },

    template: (ref) => readTemplateVersion(calls, options, ref),
    companions: (name) => readCompanions(calls, options, name),
    activities: (name, sinceAt) => readActivities(calls, options, name, sinceAt)
  }
}

function readGroups(calls: AutoScalingCalls, access: AwsAccess, input: AutoScalingGroupNamesType): Promise<Group[]> {
  return translated(access, 'autoscaling', 'DescribeAutoScalingGroups', async () => {
    const deadline = access.deadlines.read()
    const groups = await allPages(async (NextToken) => {
      const page = await calls.describeAutoScalingGroups({ ...input, MaxRecords: groupsPerPage, NextToken }, deadline)
      return { items: page.AutoScalingGroups, next: page.NextToken }
    })
    return groups.map(groupFrom)
  })
}

function readActivities(calls: AutoScalingCalls, access: AwsAccess, name: string, sinceAt: number) {
  return translated(access, 'autoscaling', 'DescribeScalingActivities', async () => {
    const deadline = access.deadlines.read()
    const input = {
      AutoScalingGroupName: name,
      Filters: [{ Name: 'StartTimeLowerBound', Values: [new Date(sinceAt).toISOString()] }],
      MaxRecords: activitiesPerPage
    }
    const activities = await allPages<Activity>(
      async (NextToken) => {
        const page = await calls.describeScalingActivities({ ...input, NextToken }, deadline)
        return { items: page.Activities?.map(activityFrom), next: page.NextToken }
      },
      // Activities in progress come first, the others by start time, so the last of a page decides:
      // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html
      (items) => (items.at(-1)?.startedAt ?? 0) < sinceAt
    )
    const recent = activities.filter((activity) => activity.startedAt >= sinceAt)
    return recent.sort((one, other) => other.startedAt - one.startedAt)
  })
}

type WriteMethods = Omit<NodeGroups, keyof ReadMethods | keyof TemplateVersionMethods>

function writeMethods(calls: AutoScalingCalls, access: AwsAccess): WriteMethods {
  const writing = (action: string, write: (deadline: AbortSignal) => Promise<unknown>): Promise<void> =>
    translated(access, 'autoscaling', action, async () => {
      await write(access.deadlines.write())
    })

  return {
    // One call: a bound alone that passes Desired would make AWS move Desired.
    // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
    async resize(name, { min, max, desired }) {
      if (min === undefined && max === undefined && desired === undefined) return
      const input = { AutoScalingGroupName: name, MinSize: min, MaxSize: max, DesiredCapacity: desired }
      await writing('UpdateAutoScalingGroup', (deadline) => calls.updateAutoScalingGroup(input, deadline))
    },

    // An empty list would mean all processes. In resume it would undo what others have suspended.
    // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ResumeProcesses.html
    async suspend(name, processes) {
      if (processes.length === 0) return
      const input = { AutoScalingGroupName: name, ScalingProcesses: [...processes] }
      await writing('SuspendProcesses', (deadline) => calls.suspendProcesses(input, deadline))
    },

    async resume(name, processes) {
      if (processes.length === 0) return
      const input = { AutoScalingGroupName: name, ScalingProcesses: [...processes] }
      await writing('ResumeProcesses', (deadline) => calls.resumeProcesses(input, deadline))
    },

    async protect(name, instanceIds, isProtected) {
      await writing('SetInstanceProtection', async (deadline) => {
        for (const InstanceIds of chunksOf(instanceIds, instancesPerProtection)) {
          const input = { AutoScalingGroupName: name, InstanceIds, ProtectedFromScaleIn: isProtected }
          await calls.setInstanceProtection(input, deadline)
        }
      })
    },

    async protectNew(name, isProtected) {
      const input = { AutoScalingGroupName: name, NewInstancesProtectedFromScaleIn: isProtected }
      await writing('UpdateAutoScalingGroup', (deadline) => calls.updateAutoScalingGroup(input, deadline))
    },

    async tag(name, tags) {
      const all = Object.entries(tags).map(([Key, Value]) => ({ ...tagOf(name, Key), Value, PropagateAtLaunch: false }))
      await writing('CreateOrUpdateTags', async (deadline) => {
        for (const Tags of chunksOf(all, tagsPerCall)) await calls.createOrUpdateTags({ Tags }, deadline)
      })
    },

    async untag(name, keys) {
      const all = keys.map((key) => tagOf(name, key))
      await writing('DeleteTags', async (deadline) => {
        for (const Tags of chunksOf(all, tagsPerCall)) await calls.deleteTags({ Tags }, deadline)
      })
    },

    terminate: (name, instanceIds) =>
      writing('TerminateInstanceInAutoScalingGroup', (deadline) =>
        terminateInstances(calls, name, instanceIds, deadline)
      )
  }
}

function clusterFilter(cluster: string, key: string): { Name: string; Values: string[] } {
  if (key.includes('{cluster}')) return { Name: 'tag-key', Values: [key.replaceAll('{cluster}', cluster)] }
  return { Name: `tag:${key}`, Values: [cluster] }
}

function tagOf(name: string, key: string) {
  return { ResourceId: name, ResourceType: 'auto-scaling-group', Key: key }
}

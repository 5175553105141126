/** The engine's port to Auto Scaling, over the SDK. */

import {
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  ResumeProcessesCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand
} from '@aws-sdk/client-auto-scaling'
import type { NodeGroups } from '../engine/model/node-group.ts'
import { readCompanions } from './attached-resources.ts'
import { type Clients, called, readDeadline, writeDeadline } from './clients.ts'
import { allPages, chunksOf } from './paging.ts'
import { terminateInstances } from './termination.ts'
import { activityFrom, groupFrom } from './translation.ts'

/** Limits of the API per call: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/ */
const groupsPerPage = 100
const activitiesPerPage = 100
const instancesPerProtection = 50
const tagsPerCall = 25

export interface NodeGroupsOptions {
  clients: Clients
  region: string
  cluster: string
  /** As the input has it: with `{cluster}` the key says whose group it is, without it the value does. */
  clusterTagKey: string
  template: NodeGroups['template']
  /** Counted from the start of a write method, for all its calls. */
  deadline?: () => AbortSignal
}

export function awsNodeGroups(options: NodeGroupsOptions): NodeGroups {
  const { clients, region, cluster, clusterTagKey, template, deadline: nextDeadline = writeDeadline } = options
  const { reads, writes } = clients
  const reading = <T>(action: string, run: () => Promise<T>) => called(reads, `autoscaling:${action}`, region, run)
  const writing = <T>(action: string, run: (deadline: { abortSignal: AbortSignal }) => Promise<T>) =>
    called(writes, `autoscaling:${action}`, region, () => run({ abortSignal: nextDeadline() }))

  const describeGroups = (input: object) =>
    reading('DescribeAutoScalingGroups', async () => {
      const abortSignal = readDeadline()
      const groups = await allPages(async (NextToken) => {
        const command = new DescribeAutoScalingGroupsCommand({ ...input, MaxRecords: groupsPerPage, NextToken })
        const page = await reads.send(command, { abortSignal })
        return { items: page.AutoScalingGroups, next: page.NextToken }
      })
      return groups.map(groupFrom)
    })

  return {
    place: `region ${region}`,

    find() {
      return describeGroups({ Filters: [clusterFilter(cluster, clusterTagKey)], IncludeInstances: false })
    },

    findTagged(key) {
      return describeGroups({ Filters: [{ Name: 'tag-key', Values: [key] }], IncludeInstances: false })
    },

    // Without a name the API would describe every group of the account.
    async describe(names) {
      const chunks = chunksOf([...new Set(names)], groupsPerPage)
      return (await Promise.all(chunks.map((chunk) => describeGroups({ AutoScalingGroupNames: chunk })))).flat()
    },

    template,

    companions(name) {
      return readCompanions(reads, region, name)
    },

    activities(name, sinceAt) {
      return reading('DescribeScalingActivities', async () => {
        const abortSignal = readDeadline()
        const input = {
          AutoScalingGroupName: name,
          Filters: [{ Name: 'StartTimeLowerBound', Values: [new Date(sinceAt).toISOString()] }],
          MaxRecords: activitiesPerPage
        }
        const activities = await allPages(
          async (NextToken) => {
            const page = await reads.send(new DescribeScalingActivitiesCommand({ ...input, NextToken }), {
              abortSignal
            })
            return { items: page.Activities?.map(activityFrom), next: page.NextToken }
          },
          // What is in progress comes first whatever its age, the rest newest first: the last of a page tells.
          (items) => (items.at(-1)?.startedAt ?? 0) < sinceAt
        )
        const recent = activities.filter((activity) => activity.startedAt >= sinceAt)
        return recent.sort((one, other) => other.startedAt - one.startedAt)
      })
    },

    // One call: with two, AWS would move Desired by itself when a bound passes it.
    async resize(name, { min, max, desired }) {
      if (min === undefined && max === undefined && desired === undefined) return
      const command = new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: name,
        MinSize: min,
        MaxSize: max,
        DesiredCapacity: desired
      })
      await writing('UpdateAutoScalingGroup', (deadline) => writes.send(command, deadline))
    },

    // An empty list would mean all processes, also in resume, which would undo what others have suspended.
    async suspend(name, processes) {
      if (processes.length === 0) return
      const command = new SuspendProcessesCommand({ AutoScalingGroupName: name, ScalingProcesses: [...processes] })
      await writing('SuspendProcesses', (deadline) => writes.send(command, deadline))
    },

    async resume(name, processes) {
      if (processes.length === 0) return
      const command = new ResumeProcessesCommand({ AutoScalingGroupName: name, ScalingProcesses: [...processes] })
      await writing('ResumeProcesses', (deadline) => writes.send(command, deadline))
    },

    async protect(name, instanceIds, isProtected) {
      await writing('SetInstanceProtection', async (deadline) => {
        for (const InstanceIds of chunksOf(instanceIds, instancesPerProtection)) {
          const input = { AutoScalingGroupName: name, InstanceIds, ProtectedFromScaleIn: isProtected }
          await writes.send(new SetInstanceProtectionCommand(input), deadline)
        }
      })
    },

    async protectNew(name, isProtected) {
      const input = { AutoScalingGroupName: name, NewInstancesProtectedFromScaleIn: isProtected }
      const command = new UpdateAutoScalingGroupCommand(input)
      await writing('UpdateAutoScalingGroup', (deadline) => writes.send(command, deadline))
    },

    async tag(name, tags) {
      const all = Object.entries(tags).map(([Key, Value]) => ({ ...tagOf(name, Key), Value, PropagateAtLaunch: false }))
      await writing('CreateOrUpdateTags', async (deadline) => {
        for (const Tags of chunksOf(all, tagsPerCall))
          await writes.send(new CreateOrUpdateTagsCommand({ Tags }), deadline)
      })
    },

    async untag(name, keys) {
      const all = keys.map((key) => tagOf(name, key))
      await writing('DeleteTags', async (deadline) => {
        for (const Tags of chunksOf(all, tagsPerCall)) await writes.send(new DeleteTagsCommand({ Tags }), deadline)
      })
    },

    async terminate(name, instanceIds) {
      await writing('TerminateInstanceInAutoScalingGroup', (deadline) =>
        terminateInstances(writes, name, instanceIds, deadline)
      )
    }
  }
}

function clusterFilter(cluster: string, key: string): { Name: string; Values: string[] } {
  if (key.includes('{cluster}')) return { Name: 'tag-key', Values: [key.replaceAll('{cluster}', cluster)] }
  return { Name: `tag:${key}`, Values: [cluster] }
}

function tagOf(name: string, key: string) {
  return { ResourceId: name, ResourceType: 'auto-scaling-group', Key: key }
}

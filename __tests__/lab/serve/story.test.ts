import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../../src/lab/clock.ts'
import { createLab } from '../../../src/lab/joined/lab.ts'
import { budget, deployment } from '../../../src/lab/joined/workloads.ts'
import { recordEvents } from '../../../src/lab/serve/events.ts'
import { tellStory } from '../../../src/lab/serve/story.ts'

function world() {
  const clock = virtualClock()
  const objects = [deployment('web', 2), budget('web', { maxUnavailable: 1 })]
  return { clock, lab: createLab({ clock, world: { objects, nodeGroups: [{ nodes: 2 }] } }) }
}

test('the story tells of instances, nodes and pods, and once of an eviction that is refused again and again', async () => {
  const { clock, lab } = world()
  const lines: string[] = []
  await clock.run(lab.settled())
  const story = tellStory(lab, (line) => lines.push(line))
  const group = { AutoScalingGroupName: 'shop-workers-blue', DesiredCapacity: 3 }
  await clock.run(lab.aws.autoScaling.setDesiredCapacity(group))
  await clock.run(clock.sleep(120_000))
  const [node] = lab.cluster.list('Node')
  lab.cluster.patch('Node', undefined, node?.metadata.name ?? '', { spec: { unschedulable: true } }, 'merge')
  const eviction = { namespace: 'shop', name: 'web-1', verb: 'create', subresource: 'eviction' }
  const request = { info: eviction, query: new URLSearchParams() } as never
  for (const code of [429, 429, 201]) story.onRequest(request, code)
  story.onCall({ service: 'autoscaling', action: 'DescribeAutoScalingGroups', input: {} })
  story.onCall({ service: 'autoscaling', action: 'SetDesiredCapacity', input: group })
  story.end()
  lab.cluster.patch('Node', undefined, node?.metadata.name ?? '', { spec: { unschedulable: false } }, 'merge')
  const plain = lines.map((line) =>
    line
      .replace(/i-\w+/, 'ID')
      .replace(/ip-\S+/, 'NODE')
      .replace(/\(.*\)/, '(ZONE)')
  )
  assert.deepEqual(plain, [
    'instance ID launched in shop-workers-blue (ZONE)',
    'instance ID of shop-workers-blue is in service',
    'node NODE joined',
    'node NODE is Ready',
    'node NODE cordoned',
    'the eviction of pod shop/web-1 was refused by its disruption budget',
    'pod shop/web-1 evicted',
    'AWS: SetDesiredCapacity shop-workers-blue'
  ])
})

test('events say what the parts of a real cluster say', async () => {
  const { clock, lab } = world()
  const end = recordEvents(lab)
  await clock.run(lab.settled())
  const [node] = lab.cluster.list('Node')
  lab.cluster.patch('Node', undefined, node?.metadata.name ?? '', { spec: { unschedulable: true } }, 'merge')
  lab.cluster.patch('Deployment', 'shop', 'web', { spec: { replicas: 3 } }, 'merge')
  await clock.run(clock.sleep(10_000))
  end()
  const events = lab.cluster.list('Event') as { reason?: string; message?: string; type?: string }[]
  const reasons = new Set(events.map(({ reason }) => reason))
  for (const reason of [
    'RegisteredNode',
    'NodeReady',
    'NodeNotSchedulable',
    'Scheduled',
    'Started',
    'SuccessfulCreate'
  ])
    assert.ok(reasons.has(reason), reason)
  const scaled = events.filter(({ reason }) => reason === 'ScalingReplicaSet').map(({ message }) => message)
  assert.match(scaled.join('\n'), /Scaled up replica set web-\w+ from 0 to 2/)
  assert.match(scaled.join('\n'), /Scaled up replica set web-\w+ from 2 to 3/)
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node, Pod, Workload } from '../../../src/engine/model/cluster.ts'
import type { Instance } from '../../../src/engine/model/node-group.ts'
import { usability } from '../../../src/engine/world/node-readiness.ts'
import {
  blueOpen,
  greenGroup,
  instance,
  look,
  node,
  now,
  observationsAt,
  ownerOf,
  placement,
  pod,
  run,
  template,
  workload
} from '../sample.ts'

interface Case {
  instance?: Partial<Instance>
  node?: Partial<Node> | 'none'
  readyForMs?: number
  workloads?: readonly Workload[]
  pods?: readonly Pod[]
  drivers?: Readonly<Record<string, readonly string[]>>
}

function judge(one: Case) {
  const candidate = instance('i-g1', { template: template('42'), ...one.instance })
  const observations = observationsAt(now)
  observations.readySince.set('uid-g1', now - (one.readyForMs ?? 60_000))
  const world = look({
    incoming: greenGroup({ instances: [candidate] }),
    nodes: [...blueOpen, ...(one.node === 'none' ? [] : [node('g1', one.node ?? {})])],
    pods: one.pods,
    parts: [{ workloads: [...(one.workloads ?? [])], csiDrivers: one.drivers ?? {} }],
    observations
  })
  const found = usability(candidate, world, run())
  return found.usable ? 'usable' : `${found.phase}: ${found.why}`
}

const agent = workload('DaemonSet', 'agent', { replicas: 4 })
const agentPod = (over: Partial<Pod>) => pod('agent-1', { owner: ownerOf(agent), nodeName: 'g1', ...over })

describe('a new node', () => {
  it('that is Ready, and has been for a while, is usable', () => {
    assert.equal(judge({}), 'usable')
  })

  const cases: [string, Case, RegExp][] = [
    ['whose instance is not in service yet', { instance: { lifecycle: 'Pending:Wait' } }, /^launch: .*Pending:Wait/],
    ['whose instance is Unhealthy', { instance: { healthy: false } }, /^launch: .*Unhealthy/],
    ['launched from another version than was planned', { instance: { template: template('41') } }, /^launch: .*41.*42/],
    ['launched from nobody knows what', { instance: { template: undefined } }, /^launch: .*unknown/],
    ['that has not registered', { node: 'none' }, /^join: .*not registered/],
    [
      'that registered under its name, but without its instance',
      { node: { instanceId: undefined } },
      /^join: .*not registered/
    ],
    ['that is NotReady', { node: { ready: 'False', readyMessage: 'cni is not ready' } }, /^join: g1 is NotReady: cni/],
    ['whose state is Unknown', { node: { ready: 'Unknown' } }, /^join: g1 is Unknown/],
    ['that became Ready just now', { readyForMs: 10_000 }, /^join: .*10 s of 30/],
    [
      'that still has a start-up taint',
      { node: { taints: [{ key: 'ebs.csi.aws.com/agent-not-ready', value: '', effect: 'NoExecute' }] } },
      /^join: .*agent-not-ready/
    ],
    [
      'that its cloud provider has not seen',
      {
        node: {
          taints: [{ key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' }]
        }
      },
      /^join: .*uninitialized/
    ],
    ['with DiskPressure', { node: { troubles: ['DiskPressure'] } }, /^join: .*DiskPressure/],
    ['that somebody else has cordoned', { node: { schedulable: false } }, /^join: .*not by this run/],
    [
      'that lacks a CSI driver which every old node has',
      { drivers: { b1: ['ebs.csi.aws.com'], b2: ['ebs.csi.aws.com', 'x'], b3: ['ebs.csi.aws.com'], g1: [] } },
      /^join: .*ebs\.csi\.aws\.com/
    ],
    ['whose DaemonSet pod is missing', { workloads: [agent] }, /^join: .*team-a\/agent/],
    [
      'whose DaemonSet pod is not ready',
      { workloads: [agent], pods: [agentPod({ ready: false })] },
      /^join: .*team-a\/agent/
    ]
  ]
  for (const [what, one, why] of cases) it(`${what} is not usable, and says so`, () => assert.match(judge(one), why))

  it('with a ready pod of the DaemonSet is usable', () => {
    assert.equal(judge({ workloads: [agent], pods: [agentPod({})] }), 'usable')
  })

  it('does not wait for a DaemonSet that does not want it', () => {
    const elsewhere = { ...agent, placement: placement({ nodeSelector: { gpu: 'yes' } }) }
    assert.equal(judge({ workloads: [elsewhere] }), 'usable')
  })

  it('does not wait for a DaemonSet that does not tolerate its taint', () => {
    const tainted: Partial<Node> = { taints: [{ key: 'dedicated', value: 'ml', effect: 'NoSchedule' }] }
    assert.equal(judge({ node: tainted, workloads: [agent] }), 'usable')
  })

  it('may keep a taint of its own that does not go', () => {
    assert.equal(judge({ node: { taints: [{ key: 'dedicated', value: 'ml', effect: 'NoSchedule' }] } }), 'usable')
  })

  it('that this run has cordoned stays usable: it is only being emptied', () => {
    assert.equal(judge({ node: { schedulable: false, cordonedBy: 'run-1' } }), 'usable')
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectPlacement } from '../../src/kubernetes/projection/placement.ts'
import type { RawPodSpec } from '../../src/kubernetes/projection/raw.ts'

const cpu = (amount: string) => ({ resources: { requests: { cpu: amount } } })
const requests = (spec: RawPodSpec) => projectPlacement({}, spec).requests

test('containers add up, and an init container counts only where it asks for more', () => {
  assert.equal(requests({ containers: [cpu('100m'), cpu('200m')] }).cpu, 300)
  assert.equal(requests({ containers: [cpu('100m')], initContainers: [cpu('500m'), cpu('400m')] }).cpu, 500)
  assert.equal(requests({ containers: [cpu('700m')], initContainers: [cpu('500m')] }).cpu, 700)
})

test('a sidecar runs beside the containers and beside the init containers after it', () => {
  const sidecar = { ...cpu('100m'), restartPolicy: 'Always' }
  assert.equal(requests({ containers: [cpu('300m')], initContainers: [sidecar] }).cpu, 400)
  assert.equal(requests({ containers: [cpu('300m')], initContainers: [sidecar, cpu('500m')] }).cpu, 600)
  assert.equal(requests({ containers: [cpu('300m')], initContainers: [cpu('500m'), sidecar] }).cpu, 500)
})

test('overhead comes on top, requests of the pod win, limits stand in where a template has no requests', () => {
  assert.equal(requests({ containers: [cpu('100m')], overhead: { cpu: '50m' } }).cpu, 150)
  assert.equal(requests({ containers: [cpu('100m')], resources: { requests: { cpu: '1' } } }).cpu, 1000)
  assert.equal(requests({ containers: [{ resources: { limits: { memory: '1Mi' } } }] }).memory, 2 ** 20)
  assert.deepEqual(requests({ containers: [{}] }), {})
})

test('host ports bear their protocol, and an address where they take only one', () => {
  const ports = [{ hostPort: 80 }, { hostPort: 53, protocol: 'UDP' }, { hostPort: 90, hostIP: '10.0.0.1' }, {}]
  const { hostPorts } = projectPlacement({}, { containers: [{ ports }] })
  assert.deepEqual(hostPorts, ['80/TCP', '53/UDP', '10.0.0.1:90/TCP'])
})

test('required anti-affinity counts where it selects the pod itself', () => {
  const keys = (term: object) =>
    projectPlacement(
      { namespace: 'shop', labels: { app: 'cart' } },
      {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'host', ...term }]
          }
        }
      }
    ).antiAffinityKeys
  const own = { labelSelector: { matchLabels: { app: 'cart' } } }
  assert.deepEqual(keys(own), ['host'])
  assert.deepEqual(keys({ labelSelector: {} }), ['host'])
  assert.deepEqual(keys({}), [])
  assert.deepEqual(keys({ labelSelector: { matchLabels: { app: 'other' } } }), [])
  assert.deepEqual(keys({ ...own, namespaces: ['other'] }), [])
  assert.deepEqual(keys({ ...own, namespaces: ['shop'] }), ['host'])
  assert.deepEqual(keys({ ...own, namespaceSelector: {} }), ['host'])
  const expression = { key: 'app', operator: 'In', values: ['cart', 'till'] }
  assert.deepEqual(keys({ labelSelector: { matchExpressions: [expression] } }), ['host'])
  assert.deepEqual(keys({ labelSelector: { matchExpressions: [{ ...expression, operator: 'NotIn' }] } }), [])
})

test('node affinity that is required, and spread, are carried over', () => {
  const matchExpressions = [{ key: 'zone', operator: 'In', values: ['a'] }]
  const placement = projectPlacement(
    {},
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] }
        }
      },
      topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 2, labelSelector: { matchLabels: { a: 'b' } } }]
    }
  )
  assert.deepEqual(placement.requiredNodeTerms, [{ expressions: matchExpressions, fields: [] }])
  assert.equal(placement.spread[0]?.whenUnsatisfiable, 'DoNotSchedule')
  assert.deepEqual(placement.spread[0]?.selector.matchLabels, { a: 'b' })
})

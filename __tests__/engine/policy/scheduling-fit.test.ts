import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amountText, resourceAmount } from '../../../src/engine/policy/quantity.ts'
import { fitOf, less, type NodeInfo, nodeInfoOf, plus, tolerated } from '../../../src/engine/policy/scheduling-fit.ts'
import { skewProblem } from '../../../src/engine/policy/version-skew.ts'
import { node, placement } from '../plan/world.ts'

const info: NodeInfo = {
  name: 'm7i.large',
  labels: { arch: 'amd64', 'kubernetes.io/hostname': '' },
  labelsComplete: false,
  taints: [],
  resources: { cpu: 2000, memory: 8 * 2 ** 30, pods: 20 },
  resourcesComplete: true,
  hostPorts: ['TCP/9100']
}
const taint = { key: 'team', value: 'a', effect: 'NoSchedule' } as const

const cases: readonly [
  sentence: string,
  asks: Parameters<typeof placement>[0],
  over: Partial<NodeInfo>,
  expected: RegExp | 'fits' | 'perhaps'
][] = [
  ['a pod that asks for nothing fits', {}, {}, 'fits'],
  ['a pod that asks for all fits', { requests: { cpu: 2000 } }, {}, 'fits'],
  [
    'a pod that asks for more does not',
    { requests: { memory: 12 * 2 ** 30 } },
    {},
    /^resources: it requests 12 GiB memory, and m7i.large has 8 GiB memory/
  ],
  [
    'a resource that no node of the type has is missing',
    { requests: { 'nvidia.com/gpu': 1 } },
    {},
    /1 nvidia.com\/gpu/
  ],
  [
    'a resource of which nothing is known is not judged',
    { requests: { 'nvidia.com/gpu': 1 } },
    { resourcesComplete: false },
    'fits'
  ],
  ['max pods can be used up by DaemonSets', {}, { resources: { pods: 0 } }, /^max-pods: .*room for no pod/],
  ['a known label that is right fits', { nodeSelector: { arch: 'amd64' } }, {}, 'fits'],
  [
    'a known label that is wrong does not',
    { nodeSelector: { arch: 'arm64' } },
    {},
    /^node-selector: .*arch=arm64, and m7i.large has amd64/
  ],
  ['an unknown label fits perhaps', { nodeSelector: { disk: 'ssd' } }, {}, 'perhaps'],
  [
    'a label that is missing on a real node does not fit',
    { nodeSelector: { disk: 'ssd' } },
    { labelsComplete: true },
    /no such label/
  ],
  [
    'a host name of today is never that of a new node',
    { nodeSelector: { 'kubernetes.io/hostname': 'n1' } },
    {},
    /hostname=n1/
  ],
  [
    'an affinity to a known wrong label does not fit',
    { requiredNodeTerms: [{ expressions: [{ key: 'arch', operator: 'In', values: ['arm64'] }], fields: [] }] },
    {},
    /^node-affinity: .*arch In arm64/
  ],
  [
    'one of two terms is enough',
    {
      requiredNodeTerms: [
        { expressions: [{ key: 'arch', operator: 'In', values: ['arm64'] }], fields: [] },
        { expressions: [{ key: 'arch', operator: 'Exists', values: [] }], fields: [] }
      ]
    },
    {},
    'fits'
  ],
  [
    'a term with an unknown label fits perhaps',
    { requiredNodeTerms: [{ expressions: [{ key: 'disk', operator: 'Exists', values: [] }], fields: [] }] },
    {},
    'perhaps'
  ],
  [
    'a term with a wrong and an unknown label does not',
    {
      requiredNodeTerms: [
        {
          expressions: [
            { key: 'disk', operator: 'Exists', values: [] },
            { key: 'arch', operator: 'NotIn', values: ['amd64'] }
          ],
          fields: []
        }
      ]
    },
    {},
    /affinity/
  ],
  [
    'a pod pinned to a node by name does not fit a new one',
    { requiredNodeTerms: [{ expressions: [], fields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }] },
    {},
    /metadata.name In n1/
  ],
  ['an empty term matches no node', { requiredNodeTerms: [{ expressions: [], fields: [] }] }, {}, /affinity/],
  ['a taint keeps away', {}, { taints: [taint] }, /^taint: .*team=a:NoSchedule is not tolerated/],
  [
    'a taint that is tolerated does not',
    { tolerations: [{ key: 'team', operator: 'Equal', value: 'a' }] },
    { taints: [taint] },
    'fits'
  ],
  ['PreferNoSchedule keeps nobody away', {}, { taints: [{ ...taint, effect: 'PreferNoSchedule' }] }, 'fits'],
  ['a host port that a DaemonSet has is taken', { hostPorts: ['TCP/9100'] }, {}, /^host-port: .*host port TCP\/9100/]
]
for (const [sentence, asks, over, expected] of cases) {
  test(sentence, () => {
    const fit = fitOf(placement(asks), { ...info, ...over })
    if (expected === 'fits') assert.deepEqual(fit, { fits: true, certain: true })
    else if (expected === 'perhaps') assert.deepEqual(fit, { fits: true, certain: false })
    else assert.match(fit.fits ? '' : `${fit.rule}: ${fit.why}`, expected)
  })
}

test('tolerations match as the API documents', () => {
  assert.equal(tolerated(taint, [{ operator: 'Exists' }]), true)
  assert.equal(tolerated(taint, [{ key: 'team', operator: 'Exists' }]), true)
  assert.equal(tolerated(taint, [{ key: 'team', value: 'b' }]), false)
  assert.equal(tolerated(taint, [{ key: 'team', value: 'a', effect: 'NoExecute' }]), false)
  assert.equal(tolerated({ ...taint, value: '' }, [{ key: 'team' }]), true)
})

test('a real node has what its DaemonSets leave', () => {
  const one = nodeInfoOf(node('n1'), { cpu: 500, pods: 3 })
  assert.deepEqual(one.resources, { cpu: 1500, memory: 8 * 2 ** 30, pods: 26 })
  assert.deepEqual(plus({ a: 1 }, { a: 1, b: 2 }), { a: 2, b: 2 })
  assert.deepEqual(less({ a: 1 }, { b: 1 }), { a: 1 })
})

const quantities: readonly [resource: string, text: string, amount: number | undefined][] = [
  ['cpu', '4', 4000],
  ['cpu', '3920m', 3920],
  ['cpu', '0.1', 100],
  ['memory', '14Gi', 14 * 2 ** 30],
  ['memory', '1e3', 1000],
  ['memory', '80G', 80e9],
  ['pods', '29', 29],
  ['memory', 'much', undefined]
]
for (const [resource, text, amount] of quantities) {
  test(`${text} of ${resource} is ${amount}`, () => assert.equal(resourceAmount(resource, text), amount))
}

test('amounts are shown as people read them', () => {
  assert.equal(amountText('memory', 7.1 * 2 ** 30), '7.1 GiB memory')
  assert.equal(amountText('memory', 2 ** 20), '1 MiB memory')
  assert.equal(amountText('cpu', 1500), '1500m cpu')
  assert.equal(amountText('cpu', 2000), '2 cpu')
})

const skews: readonly [kubelet: string, server: string, wrong: boolean][] = [
  ['v1.33.1-eks-1', '1.33', false],
  ['1.34', '1.33', true],
  ['1.30', '1.33', false],
  ['1.29', '1.33', true],
  ['unknown', '1.33', false],
  ['2.0', '1.33', false]
]
for (const [kubelet, server, wrong] of skews) {
  test(`kubelet ${kubelet} beside ${server} is ${wrong ? 'wrong' : 'right'}`, () =>
    assert.equal(skewProblem(kubelet, server) !== undefined, wrong))
}

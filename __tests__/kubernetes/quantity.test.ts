import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuantity } from '../../src/engine/policy/quantity.ts'
import { parseResources } from '../../src/kubernetes/projection/quantity.ts'

const amounts: [string | number, number][] = [
  ['1', 1],
  [2, 2],
  ['100m', 0.1],
  ['250u', 0.00025],
  ['1k', 1000],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['128Mi', 2 ** 27],
  ['64Ki', 65536],
  ['2e3', 2000],
  ['1E3', 1000],
  ['3E', 3e18],
  ['1e-3', 0.001],
  ['.5', 0.5],
  ['-1', -1]
]

for (const [text, amount] of amounts) {
  test(`the quantity ${text} is ${amount}`, () => assert.equal(parseQuantity(text), amount))
}

test('what is no quantity is undefined', () => {
  for (const text of ['', 'much', '1Kb', '1 Gi', '--1', 'Ki']) assert.equal(parseQuantity(text), undefined, text)
})

test('cpu becomes millicores and fractions are rounded up, as the scheduler does', () => {
  assert.deepEqual(parseResources({ cpu: '0.1', memory: '1Mi', 'nvidia.com/gpu': '2' }), {
    cpu: 100,
    memory: 2 ** 20,
    'nvidia.com/gpu': 2
  })
  assert.deepEqual(parseResources({ cpu: '1500u', memory: '128974848000m' }), { cpu: 2, memory: 128974848 })
})

test('every number of millicores survives being written as a fraction of a core', () => {
  for (let millicores = 1; millicores <= 4000; millicores++) {
    assert.equal(parseResources({ cpu: String(millicores / 1000) }).cpu, millicores)
  }
})

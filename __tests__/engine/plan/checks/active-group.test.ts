import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Group } from '../../../../src/engine/model/node-group.ts'
import { activeColor } from '../../../../src/engine/plan/active-group.ts'
import { activeGroup } from '../../../../src/engine/plan/checks/active-group.ts'
import { assertRemedies, group, instance, namesOf } from '../world.ts'

const two = [instance('i-1'), instance('i-2')]
const pairOf = (blue: Partial<Group>, green: Partial<Group>) => ({
  name: 'workers',
  blue: group('b', 'blue', blue),
  green: group('g', 'green', green)
})
const size = (desired: number) => ({ capacity: { min: 0, max: 9, desired } })

const cases: readonly [
  sentence: string,
  blue: Partial<Group>,
  green: Partial<Group>,
  active: string | undefined,
  rules: string[]
][] = [
  ['blue active', { instances: two }, {}, 'b', []],
  ['green active', {}, { instances: two }, 'g', []],
  ['both active', { instances: two }, { instances: [instance('i-3')] }, undefined, ['both-active workers']],
  ['green just starting', { instances: two }, size(1), undefined, ['both-active workers']],
  ['none active', {}, {}, undefined, ['none-active workers']],
  [
    'an instance that is starting',
    { instances: [instance('i-1'), instance('i-2', { lifecycle: 'Pending:Wait' })] },
    {},
    'b',
    ['size-changing b']
  ],
  [
    'an instance that is terminating',
    { instances: [instance('i-1'), instance('i-2', { lifecycle: 'Terminating:Wait' })], ...size(1) },
    {},
    'b',
    ['size-changing b']
  ],
  ['fewer than wanted', { instances: two, ...size(3) }, {}, 'b', ['size-changing b']],
  ['more than wanted', { instances: two, ...size(1) }, {}, 'b', ['size-changing b']],
  [
    'the last of green terminating',
    { instances: two },
    { instances: [instance('i-3', { lifecycle: 'Terminating' })], ...size(0) },
    'b',
    ['size-changing g']
  ],
  [
    'green with a retained instance',
    { instances: two },
    { instances: [instance('i-3', { lifecycle: 'Terminating:Retained' })], ...size(0) },
    'b',
    ['size-changing g']
  ],
  [
    'an instance in Standby',
    { instances: [instance('i-1'), instance('i-2', { lifecycle: 'Standby' })], ...size(1) },
    {},
    'b',
    ['standby b']
  ]
]
for (const [sentence, blue, green, active, rules] of cases) {
  test(`sizes: ${sentence}`, () => {
    const pair = pairOf(blue, green)
    const color = activeColor(pair)
    assert.equal(color && pair[color].name, active)
    const { blockers } = activeGroup({ pair })
    assert.deepEqual(namesOf(blockers), rules)
    assertRemedies(blockers)
  })
}

test('a retained instance can be terminated with the command that is given', () => {
  const pair = pairOf(
    { instances: two },
    { instances: [instance('i-3', { lifecycle: 'Terminating:Retained' })], ...size(0) }
  )
  assert.match(
    activeGroup({ pair }).blockers[0]?.remedies[0] ?? '',
    /terminate-instance-in-auto-scaling-group --instance-id i-3/
  )
})

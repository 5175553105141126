import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf, differingLines } from '../../../src/engine/plan/difference.ts'
import { random } from './world.ts'

test('short values stand side by side, image first', () => {
  assert.deepEqual(changesOf(['disks', 'image'], { image: 'ami-1', disks: 'a' }, { image: 'ami-2' }), [
    { field: 'image', from: 'ami-1', to: 'ami-2' },
    { field: 'disks', from: 'a', to: '' }
  ])
})

test('user data is shown as the lines that differ', () => {
  const [change] = changesOf(['user data'], { 'user data': 'a\nb\nc' }, { 'user data': 'a\nx\nc\nd' })
  assert.deepEqual(change, { field: 'user data', from: '3 lines', to: '4 lines', lines: ['-b', '+x', '+d'] })
})

test('a long structure is shown line by line', () => {
  const disks = (size: number) =>
    JSON.stringify([
      {
        DeviceName: '/dev/xvda',
        Ebs: { VolumeSize: size, VolumeType: 'gp3', Encrypted: true, KmsKeyId: 'a'.repeat(60) }
      }
    ])
  const [change] = changesOf(['disks'], { disks: disks(20) }, { disks: disks(30) })
  assert.deepEqual(
    change?.lines?.map((line) => line.replace(/\s+/g, ' ')),
    ['- "VolumeSize": 20,', '+ "VolumeSize": 30,']
  )
})

test('what looks like a secret is masked', () => {
  const [change] = changesOf(
    ['user data'],
    { 'user data': 'export DB_PASSWORD=hunter2' },
    { 'user data': 'export DB_PASSWORD="hunter3" api-key: abc' }
  )
  const text = JSON.stringify(change)
  assert.doesNotMatch(text, /hunter|abc/)
  assert.match(text, /DB_PASSWORD=\*\*\*/)
})

test('the lines that differ make one text of the other, for a thousand cases', () => {
  const next = random(5)
  for (let number = 0; number < 1000; number++) {
    const lines = () => Array.from({ length: next(9) }, () => 'abc'[next(3)] ?? '')
    const before = lines()
    const after = lines()
    const diff = differingLines(before, after)
    const gone = diff.filter((line) => line.startsWith('-')).length
    const come = diff.filter((line) => line.startsWith('+')).length
    assert.equal(before.length - gone, after.length - come)
    assert.equal(diff.length === 0, before.join() === after.join() && before.length === after.length)
    // What is left of either side, less its differing lines, is the same multiset.
    const rest = (all: string[], sign: string) => {
      const left = [...all]
      for (const line of diff.filter((one) => one.startsWith(sign))) left.splice(left.indexOf(line.slice(1)), 1)
      return left.sort().join()
    }
    assert.equal(rest(before, '-'), rest(after, '+'))
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesLike, read } from './sources.ts'

const workflows = filesLike('.github/workflows/*.yml')
const examples = filesLike('examples/workflows/*.yml')
const uses = [...workflows, ...examples].flatMap((file) =>
  [...read(file).matchAll(/^\s*-? ?uses: (\S+)@(\S+)(.*)$/gm)].map(([, action = '', ref = '', comment = '']) => ({
    file,
    action,
    ref,
    comment: comment.trim()
  }))
)
/** Our own action is named at COMMIT, which __tests__/repository/pages.test.ts checks. */
const ofOthers = uses.filter(({ action }) => action !== 'OWNER/eks-node-upgrade')

test('actions of others are pinned to a commit, with their version beside it', () => {
  assert.ok(ofOthers.some(({ file }) => examples.includes(file)))
  for (const { file, action, ref, comment } of ofOthers) {
    assert.match(ref, /^[0-9a-f]{40}$/, `${file}: ${action}`)
    assert.match(comment, /^# v\d+\.\d+\.\d+$/, `${file}: ${action}`)
  }
})

test('an action has one version in all workflows', () => {
  const repositoryOf = (action: string) => action.split('/').slice(0, 2).join('/')
  for (const { action, ref } of uses) {
    const others = uses.filter((other) => repositoryOf(other.action) === repositoryOf(action))
    assert.deepEqual([...new Set(others.map((other) => other.ref))], [ref], action)
  }
})

test('every workflow begins with read-only permissions', () => {
  for (const file of workflows) assert.match(read(file), /^permissions:\n {2}contents: read\n\n/m, file)
  for (const file of examples) assert.match(read(file), /^permissions:\n {2}contents: read$/m, file)
})

test('every job has a time limit', () => {
  for (const file of [...workflows, ...examples]) {
    const jobs = read(file).split(/^jobs:$/m)[1] ?? ''
    const names = [...jobs.matchAll(/^ {2}([\w-]+):$/gm)]
    const limits = [...jobs.matchAll(/^ {4}timeout-minutes: \d+/gm)]
    assert.ok(names.length > 0, file)
    assert.equal(limits.length, names.length, file)
  }
})

test('a checkout leaves no credentials behind', () => {
  for (const file of [...workflows, ...examples]) {
    const checkouts = read(file).split('actions/checkout@').slice(1)
    for (const step of checkouts) assert.match(step.split('- ')[0] ?? '', /persist-credentials: false/, file)
  }
})

test('the examples may assume a role, and are never cut off by a newer run', () => {
  for (const file of examples) {
    assert.match(read(file), /^ +id-token: write/m, file)
    assert.doesNotMatch(read(file), /cancel-in-progress: true/, file)
  }
})

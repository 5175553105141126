import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as names from '../../src/engine/model/names.ts'
import { accessNeeded } from '../../src/engine/plan/checks/access.ts'
import { kindNames } from '../../src/kubernetes/kinds.ts'
import { filesLike, read } from './sources.ts'

interface Statement {
  Action: string | string[]
}

const policy = JSON.parse(read('examples/iam-policy.json')) as { Statement: Statement[] }
const allowed = policy.Statement.flatMap(({ Action }) => Action)

test('the IAM policy allows each Auto Scaling call that is made, and no other', () => {
  const made = filesLike('src/aws/**/*.ts').flatMap((file) => {
    const imported = /import \{([^}]*)\} from '@aws-sdk\/client-auto-scaling'/.exec(read(file))?.[1] ?? ''
    return [...imported.matchAll(/\b(\w+)Command\b(?!Input|Output)/g)].map(([, action]) => `autoscaling:${action}`)
  })
  assert.deepEqual(
    [...new Set(made)].toSorted(),
    allowed.filter((action) => action.startsWith('autoscaling:')).toSorted()
  )
})

/** Every action of EC2 that is called. */
const ec2Actions = [...read('src/aws/ec2-calls.ts').matchAll(/'([A-Z]\w+)', (?:input|\{)/g)].map(
  ([, action]) => `ec2:${action}`
)

test('the IAM policy launches nothing, passes no role and has no wildcard among its actions', () => {
  for (const action of allowed) assert.doesNotMatch(action, /\*|RunInstances|PassRole|^ec2:(?!Describe)|^iam:/)
})

test('the second IAM policy has only what an image takes, and writes only templates with the tag of the cluster', () => {
  const second = JSON.parse(read('examples/iam-policy-ami.json')) as {
    Statement: (Statement & { Condition?: object })[]
  }
  const writes = second.Statement.filter(({ Action }) => [Action].flat().some((one) => !/:(Describe|Get)/.test(one)))
  assert.deepEqual(
    second.Statement.flatMap(({ Action }) => Action).toSorted(),
    [...ec2Actions.filter((action) => !allowed.includes(action)), 'ssm:GetParameter'].toSorted()
  )
  for (const { Action, Condition } of writes) {
    assert.ok(JSON.stringify(Condition ?? {}).includes('aws:ResourceTag/kubernetes.io/cluster/'), String(Action))
  }
})

for (const [file, source] of [
  ['examples/iam-policy-gates.json', 'src/aws/alarms.ts'],
  ['examples/iam-policy-notify.json', 'src/aws/topics.ts']
] as const) {
  test(`${file} allows the call of ${source}, and no other`, () => {
    const { Statement: statements } = JSON.parse(read(file)) as { Statement: Statement[] }
    const made = [...read(source).matchAll(/called\(client, '(\w+:\w+)'/g)].map(([, action]) => action)
    assert.deepEqual(
      statements.flatMap(({ Action }) => Action),
      made
    )
  })
}

/** Our RBAC file has lists in one line, so that it can be read without a parser. */
const rule = /apiGroups: \["?(.*?)"?\]\n +resources: \[(.*)\]\n(?: +resourceNames: \[(.*)\]\n)? +verbs: \[(.*)\]/g
const granted = [...read('examples/rbac.yaml').matchAll(rule)].flatMap(
  ([, group = '', resources = '', name = '', verbs = '']) =>
    resources
      .split(', ')
      .flatMap((resource) => verbs.split(', ').map((verb) => `${verb} ${group}/${resource} ${name}`.trim()))
)

/** Rights that a run can do without, and that the plan therefore does not ask for. */
const optionalRights = ['create events.k8s.io/events']

test('RBAC grants every right that the plan asks for, and no other but those that are optional', () => {
  const needed = accessNeeded({ allowDowntime: ['*/*/*'] }).map(({ verb, group, resource, subresource, name = '' }) =>
    `${verb} ${group}/${resource}${subresource ? `/${subresource}` : ''} ${name}`.trim()
  )
  assert.deepEqual(granted.toSorted(), [...needed, ...optionalRights].toSorted())
})

test('RBAC lets every kind be listed and watched that is followed', () => {
  for (const kind of kindNames) {
    for (const verb of ['list', 'watch']) {
      assert.ok(
        granted.some((right) => right.startsWith(`${verb} `) && right.endsWith(`/${kind}`)),
        `${verb} ${kind}`
      )
    }
  }
})

test('RBAC opens no secret and has no wildcard', () => {
  for (const right of granted) assert.doesNotMatch(right, /\*|secret/)
})

test('Terraform is told to ignore the tags that a run sets, and keeps those that find the groups', () => {
  const ignored = /key_prefixes = \[([^\]]*)\]/.exec(read('examples/terraform/main.tf'))?.[1] ?? ''
  const prefixes = [...ignored.matchAll(/"([^"]+)"/g)].map(([, prefix = '']) => prefix)
  const isIgnored = (key: string) => prefixes.some((prefix) => key.startsWith(prefix))
  const set = Object.entries(names).filter(([name]) => name.endsWith('Tag'))
  assert.ok(set.length > 0)
  for (const [name, key] of set) assert.ok(isIgnored(String(key)), `${name}: ${key}`)
  assert.ok(!isIgnored('eks-node-upgrade/group'))
  assert.ok(!isIgnored('eks-node-upgrade/color'))
})

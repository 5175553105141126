import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Group } from '../../../src/engine/model/node-group.ts'
import type { Settings } from '../../../src/engine/model/settings.ts'
import { clusterTagKey } from '../../../src/engine/plan/group-tags.ts'
import { choosePair, findPairs } from '../../../src/engine/plan/node-group-pair.ts'
import { assertRemedies, group, namesOf, settings } from './world.ts'

const blue = group('shop-blue', 'blue')
const green = group('shop-green', 'green')

function tagged(one: Group, tags: Readonly<Record<string, string | undefined>>): Group {
  const all = Object.entries({ ...one.tags, ...tags }).filter(([, value]) => value !== undefined)
  return { ...one, tags: Object.fromEntries(all) as Record<string, string> }
}

/** As EKS tags it, and nobody else. */
const managed = tagged(group('eks-web-1234', ''), {
  'eks-node-upgrade/group': undefined,
  'eks-node-upgrade/color': undefined,
  'eks:cluster-name': 'shop',
  'eks:nodegroup-name': 'web'
})

function choose(groups: readonly Group[], over: Partial<Settings> = {}) {
  const wanted = { ...settings, ...over }
  return choosePair(findPairs(groups, wanted), wanted)
}

function rules(groups: readonly Group[], over: Partial<Settings> = {}): readonly string[] {
  const { findings, pair } = choose(groups, over)
  assertRemedies(findings)
  return [...namesOf(findings), ...(pair ? [`pair ${pair.name}`] : [])]
}

test('one blue and one green make a pair, and a group without our tags is none of our business', () => {
  const { pair, findings } = choose([
    green,
    tagged(group('other', ''), { 'eks-node-upgrade/group': undefined, 'eks-node-upgrade/color': undefined }),
    blue
  ])
  assert.equal(pair?.blue.name, 'shop-blue')
  assert.equal(pair?.green.name, 'shop-green')
  assert.deepEqual(findings, [])
})

const cases: readonly [
  sentence: string,
  groups: readonly Group[],
  over: Partial<Settings>,
  expected: readonly string[]
][] = [
  ['no group at all', [], {}, ['group-not-found shop']],
  ['only managed node groups', [managed], {}, ['group-not-found shop', 'managed-node-group shop']],
  [
    'a managed node group that was named',
    [blue, green, managed],
    { group: 'web' },
    ['group-not-found web', 'managed-node-group shop']
  ],
  ['managed node groups beside a pair', [blue, green, managed], {}, ['pair workers']],
  [
    'a half that EKS manages',
    [blue, tagged(green, { 'eks:nodegroup-name': 'web' })],
    {},
    ['managed-node-group shop-green']
  ],
  [
    'a managed node group with one of the tags',
    [blue, green, tagged(managed, { 'eks-node-upgrade/group': 'workers' })],
    {},
    ['managed-node-group eks-web-1234']
  ],
  ['two blues', [blue, group('shop-blue-2', 'blue'), green], {}, ['color-duplicate workers']],
  ['no green', [blue], {}, ['color-missing workers']],
  ['a color that is none', [blue, group('shop-green', 'Green')], {}, ['tag-wrong shop-green']],
  ['no color tag', [blue, tagged(green, { 'eks-node-upgrade/color': undefined })], {}, ['tag-missing shop-green']],
  [
    'no group tag',
    [blue, tagged(green, { 'eks-node-upgrade/group': undefined })],
    {},
    ['color-missing workers', 'tag-missing shop-green']
  ],
  [
    'an empty group tag',
    [blue, tagged(green, { 'eks-node-upgrade/group': ' ' })],
    {},
    ['color-missing workers', 'tag-missing shop-green']
  ],
  [
    'a wrong value of the cluster tag',
    [blue, tagged(green, { 'kubernetes.io/cluster/shop': 'yes' })],
    {},
    ['tag-wrong shop-green']
  ],
  ['a shared cluster tag', [blue, tagged(green, { 'kubernetes.io/cluster/shop': 'shared' })], {}, ['pair workers']],
  [
    'tags of two clusters',
    [blue, tagged(green, { 'kubernetes.io/cluster/bank': 'owned' })],
    {},
    ['tag-other-cluster shop-green']
  ],
  [
    'a half that is tagged for another cluster only',
    [blue, tagged(green, { 'kubernetes.io/cluster/shop': undefined, 'kubernetes.io/cluster/bank': 'owned' })],
    {},
    ['tag-other-cluster shop-green', 'color-missing workers']
  ],
  [
    'everything wrong at once',
    [group('a', 'red'), group('b', 'blue'), group('c', 'blue')],
    {},
    ['tag-wrong a', 'color-duplicate workers']
  ],
  ['a group that is named and does not exist', [blue, green], { group: 'batch' }, ['group-not-found batch']],
  ['a group that is named and exists', [blue, green], { group: 'workers' }, ['pair workers']]
]
for (const [sentence, groups, over, expected] of cases)
  test(`tags: ${sentence}`, () => assert.deepEqual(rules(groups, over), expected))

const batch = [group('batch-blue', 'blue'), group('batch-green', 'green')].map((one) =>
  tagged(one, { 'eks-node-upgrade/group': 'batch' })
)

test('several node groups and none named: they are named', () => {
  const { findings, pair } = choose([blue, green, ...batch])
  assert.equal(pair, undefined)
  assert.deepEqual(namesOf(findings), ['group-not-named shop'])
  assert.match(findings[0]?.reason ?? '', /batch, workers/)
  assert.deepEqual(findings[0]?.remedies, ['Use `--group batch`.', 'Use `--group workers`.'])
})

test('a node group that is not found says which there are', () => {
  assert.match(choose([blue, green, ...batch], { group: 'x' }).findings[0]?.reason ?? '', /there are batch, workers/)
})

test('what is wrong with another node group does not block this one', () => {
  assert.deepEqual(rules([blue, green, ...batch.slice(1)], { group: 'workers' }), ['pair workers'])
})

test('two blues are both named, each with the command that removes its color', () => {
  const [found] = choose([blue, group('shop-blue-2', 'blue'), green]).findings
  assert.match(found?.reason ?? '', /shop-blue, shop-blue-2/)
  assert.equal(found?.remedies.length, 2)
  assert.match(found?.remedies[0] ?? '', /delete-tags .*ResourceId=shop-blue,/)
})

const named = { clusterTagKey: 'cluster' }
const inShop = (one: Group, cluster = 'shop') => tagged(one, { cluster })

test("without {cluster} in the key the tag's value is the cluster's name", () => {
  assert.equal(clusterTagKey({ ...settings, ...named }), 'cluster')
  assert.deepEqual(rules([inShop(blue), inShop(green)], named), ['pair workers'])
})

test("another cluster's node group of the same name is left alone if ours is complete", () => {
  const theirs = [inShop(group('b', 'blue'), 'bank'), inShop(group('g', 'green'), 'bank')]
  assert.deepEqual(rules([inShop(blue), inShop(green), ...theirs], named), ['pair workers'])
})

test('a half that is tagged for another cluster is named if ours lacks it', () => {
  const { findings } = choose([inShop(blue), inShop(green, 'bank')], named)
  assert.deepEqual(
    findings.map(({ rule, object }) => `${rule} ${object}`),
    ['tag-other-cluster shop-green', 'color-missing workers']
  )
  assert.match(findings[0]?.reason ?? '', /"bank"/)
})

test('names with spaces and quotes are quoted for the shell', () => {
  const odd = tagged(group("it's blue", 'bluish'), {})
  const [found] = choose([odd, green]).findings
  assert.match(found?.remedies[0] ?? '', /'ResourceId=it'\\''s blue,/)
})

test('if nothing of this cluster is found, the place of the search and the owner of the groups are reported', () => {
  const theirs = tagged(blue, { 'kubernetes.io/cluster/shop': undefined, 'kubernetes.io/cluster/bank': 'owned' })
  const [found] = choosePair(findPairs([theirs], settings), settings, 'region eu-west-1').findings
  assert.match(found?.reason ?? '', /in region eu-west-1 .*for example, shop-blue .*kubernetes\.io\/cluster\/bank/)
  assert.match(found?.remedies[0] ?? '', /--aws-region/)
})

test("another cluster's group is named only if it has the color that is missing", () => {
  const theirs = ['blue', 'green'].map((color) =>
    tagged(group(`bank-${color}`, color), {
      'kubernetes.io/cluster/shop': undefined,
      'kubernetes.io/cluster/bank': 'owned'
    })
  )
  assert.deepEqual(rules([blue, ...theirs]), ['tag-other-cluster bank-green', 'color-missing workers'])
})

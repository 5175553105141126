import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type Event,
  finalize,
  type Hooks,
  InvalidInputError,
  type Options,
  plan,
  revert,
  status,
  upgrade
} from '../../src/library/library.ts'
import { type ServedShop, serveShop } from './served-shop.ts'

const saved = { ...process.env }
let shop: ServedShop

before(async () => {
  shop = await serveShop()
  for (const name of Object.keys(process.env)) if (/^AWS_|^KUBE/.test(name)) delete process.env[name]
  Object.assign(process.env, shop.env)
})

after(async () => {
  await shop.close()
  process.env = saved
})

const quick = () => ({ cluster: 'shop', kubeconfig: shop.kubeconfig, soakMinutes: 0, stableSeconds: 0 })

test('a plan, an upgrade that is stopped and resumed, and the status afterwards, with events as they happen', async () => {
  const looked = await status(quick())
  assert.equal(looked.outcome, 'status')
  const planned = await plan(quick())
  assert.equal(planned.outcome, 'planned', planned.results[0]?.reason?.message)
  assert.equal(planned.exitCode, 0)
  assert.equal(
    planned.results[0]?.nextCommand,
    `eks-node-upgrade ${planned.results[0]?.nextCommand?.split(' ').slice(1).join(' ')}`
  )
  assert.equal(planned.results[0]?.plan?.active.name, 'shop-workers-blue')

  const stop = new AbortController()
  const kinds = new Set<Event['kind']>()
  const stopped = await upgrade(quick(), {
    signal: stop.signal,
    onEvent(event) {
      kinds.add(event.kind)
      if (event.kind === 'stage' && event.stage === 'launch') stop.abort()
    }
  })
  assert.equal(stopped.outcome, 'cancelled', stopped.results[0]?.reason?.message)
  assert.ok(kinds.has('started') && kinds.has('stage'), [...kinds].join())

  const resumed: Event[] = []
  const upgraded = await upgrade(quick(), { onEvent: (event) => resumed.push(event) })
  assert.equal(upgraded.outcome, 'upgraded', upgraded.results[0]?.reason?.message)
  assert.ok(resumed.some((event) => event.kind === 'started' && event.resumed))
  assert.deepEqual(JSON.parse(JSON.stringify(upgraded)), upgraded, 'it is plain JSON')
  assert.equal((await finalize(quick())).outcome, 'unchanged')
  assert.equal((await revert(quick())).outcome, 'unchanged')
})

test('a region that is not there is an outcome, not a rejection', async () => {
  delete process.env.AWS_REGION
  try {
    const refused = await plan(quick())
    assert.equal(refused.outcome, 'refused')
    assert.equal(refused.exitCode, 3)
    assert.equal(refused.results[0]?.reason?.code, 'region')
  } finally {
    process.env.AWS_REGION = shop.env.AWS_REGION
  }
})

function problemsOf(options: unknown, hooks?: Hooks): Promise<readonly string[]> {
  return plan(options as Options, hooks).then(
    (document) => assert.fail(`it ended as ${document.outcome}`),
    (error: unknown) => {
      assert.ok(error instanceof InvalidInputError, String(error))
      assert.equal(error.name, 'InvalidInputError')
      for (const problem of error.problems) assert.ok(error.message.includes(problem), problem)
      return error.problems
    }
  )
}

test('invalid input is rejected with all problems, in the words of the options', async () => {
  const events: Event[] = []
  const options = {
    cluster: 'shop',
    soakMinutes: '3',
    soakMinuts: 4,
    drainTimeoutMinutes: 0,
    stableSeconds: -1,
    canaryNodes: 1.5,
    roleSessionName: 'nightly',
    allowDowntime: ['everything'],
    whenUnchanged: 'sotp',
    hold: 'yes',
    kubeContext: 'a',
    group: ' ',
    jobs: undefined
  }
  assert.deepEqual(await problemsOf(options, { onEvent: (event) => events.push(event) }), [
    'soakMinutes is "3": it must be a number of minutes',
    'option "soakMinuts" is unknown (did you mean soakMinutes?)',
    'hold is "yes": it must be true or false',
    'group is empty: leave it out for the default',
    'whenUnchanged is "sotp": it must be stop, renew or swap-back (did you mean stop?)',
    'canaryNodes is "1.5": it must be a whole number from 0 to 1000',
    'stableSeconds is "-1": it must be a number of seconds, 0 or more',
    'drainTimeoutMinutes is "0": a deadline must be greater than 0 minutes',
    'allowDowntime is "everything": "everything" must be namespace/kind/name such as team-a/deployment/ledger',
    'roleSessionName is "nightly", but no roleToAssume is given: give both or neither',
    'kubeContext is "a", but no kubeconfig is given: give both or neither'
  ])
  assert.deepEqual(events, [])
})

test('no cluster, no options at all and a kubeconfig that is not there are invalid', async () => {
  assert.deepEqual(await problemsOf({}), ['cluster is empty: name the EKS cluster'])
  assert.deepEqual(await problemsOf(undefined), ['cluster is empty: name the EKS cluster'])
  assert.deepEqual(await problemsOf({ cluster: 7 }), ['cluster is "7": it must be a text'])
  const [problem = ''] = await problemsOf({ cluster: 'shop', kubeconfig: '/nowhere/config' })
  assert.match(problem, /^kubeconfig: there is no kubeconfig "\/nowhere\/config"/)
})

test('options of every kind reach the run as they were given', async () => {
  const given = { ...quick(), group: ['workers'], hold: true, canaryNodes: 0, drainTimeoutMinutes: 0.5, jobs: 'evict' }
  const document = await plan(given as Options)
  assert.equal(document.results[0]?.group, 'workers')
  const unknown = await plan({ ...given, group: ['workers', 'others'] } as Options)
  assert.deepEqual(
    unknown.results.map(({ group, outcome }) => [group, outcome]),
    [
      ['workers', 'unchanged'],
      ['others', 'refused']
    ]
  )
})

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createChronicle } from '../../../src/report/chronicle/chronicle.ts'
import { htmlReport } from '../../../src/report/html/page.ts'
import { outcomeSentence, standingSentence } from '../../../src/report/sentences.ts'
import { chronicleOf } from '../played.ts'
import {
  nasty,
  revertedResult,
  sampleBlockers,
  samplePlan,
  sampleProgress,
  sampleResult,
  startAt,
  started
} from '../sample.ts'

const page = (name: string) =>
  chronicleOf(name).then((chronicle) => htmlReport(chronicle.chapters(), { version: '1.2.3' }))

const plain = (html: string) =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replace(/\s+/g, ' ')

test('the verdict comes first, in the sentences of every other face, with whether anybody must act and the next command', () => {
  const chronicle = createChronicle()
  const result = revertedResult({ next: 'npx eks-node-upgrade upgrade --cluster shop' })
  chronicle.ended(result)
  const html = htmlReport(chronicle.chapters(), { version: '1.2.3' })
  const text = plain(html.slice(html.indexOf('<main')))
  const at = (part: string) => {
    assert.ok(text.includes(part), part)
    return text.indexOf(part)
  }
  const order = [
    at(outcomeSentence(result)),
    at(standingSentence(result)),
    at('npx eks-node-upgrade upgrade --cluster shop'),
    at('Details')
  ]
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b)
  )
})

test('a refused run names everything that blocks it, each with its remedies', () => {
  const chronicle = createChronicle()
  chronicle.ended(sampleResult({ outcome: 'refused', plan: samplePlan({ blockers: sampleBlockers }), stages: [] }))
  const text = plain(htmlReport(chronicle.chapters(), { version: '1.2.3' }))
  assert.match(text, /workers: 2 problems block the upgrade\. Nothing was changed\./)
  for (const { object, remedies } of sampleBlockers)
    for (const part of [object, ...remedies]) assert.ok(text.includes(part.replace(/\s+/g, ' ')), part)
})

test('the page needs nothing but itself: no address is loaded, and its policy allows only its own style and script', async () => {
  const html = await page('calm-upgrade')
  assert.doesNotMatch(html, /\b(?:src|href|action|poster|data)="(?!#)/)
  assert.doesNotMatch(html, /@import|url\((?!#run-)|<(?:link|img|iframe|object|embed|base)\b/)
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? ''
  assert.match(policy, /^default-src 'none'; /)
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? ''
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? ''
  assert.ok(policy.includes(`style-src ${hash(style)};`) && policy.includes(`script-src ${hash(script)};`), policy)
  assert.doesNotMatch(html, /<[^>]+ (?:style|on[a-z]+)=/, 'no style and no script in an attribute')
})

test('names that mean something in HTML, in an attribute or in a script mean nothing', () => {
  const evil = `${nasty}"><img src=x onerror=alert(1)></script><!--`
  const chronicle = createChronicle()
  chronicle.report(started({ outgoing: evil, incoming: evil, group: evil, found: [`${evil}: ${evil}`] }))
  chronicle.report({
    kind: 'seen',
    at: startAt,
    nodes: [{ instance: evil, node: evil, side: 'outgoing', type: evil, zone: evil, template: evil, state: 'ready' }],
    pods: [{ uid: 'a', namespace: evil, name: evil, workload: evil, node: evil, state: 'ready' }]
  })
  chronicle.report({
    kind: 'progress',
    at: startAt,
    progress: sampleProgress({ waiting: [{ what: evil, seen: evil }] })
  })
  chronicle.report({
    kind: 'seen',
    at: startAt + 1000,
    nodes: [],
    pods: [{ uid: 'a', namespace: evil, name: evil, workload: evil, node: evil, state: 'gone' }]
  })
  chronicle.ended(
    revertedResult({
      group: evil,
      reason: { code: 'pod-timeout', message: evil, hint: evil },
      next: evil,
      plan: samplePlan({ changes: [{ field: evil, from: evil, to: evil, lines: [`+${evil}`] }] }),
      warnings: [{ rule: 'note', object: evil, reason: evil, remedies: [evil] }],
      differences: [evil],
      timeline: [{ at: startAt, text: evil }]
    })
  )
  const html = htmlReport(chronicle.chapters(), { version: '1.2.3' })
  assert.doesNotMatch(html, /<img|<script>`d`/)
  assert.equal(html.match(/<script/g)?.length, 2, 'the data of the board, and the script')
  assert.equal(html.match(/<!--/g), null)
  assert.doesNotMatch(html.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
  const data = /class="board-data">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? ''
  assert.equal(JSON.parse(data).pods.length, 1)
})

test('a timeline has a lane for every node and a line for every pod that moved', async () => {
  const html = await page('calm-upgrade')
  assert.equal(html.match(/<g class="lane">/g)?.length, 12)
  assert.equal(html.match(/<g class="journey /g)?.length, 60)
  for (const stage of ['freeze', 'launch', 'cordon', 'drain', 'verify', 'retire', 'release'])
    assert.match(html, new RegExp(`<g class="stage on"><title>${stage} \\(`))
  assert.match(html, />point of no return</)
})

test('several groups are one page, with one section each and a list that leads to them', () => {
  const chronicle = createChronicle()
  chronicle.ended(sampleResult({ group: 'one' }))
  chronicle.ended(revertedResult({ group: 'two' }))
  const html = htmlReport(chronicle.chapters(), { version: '1.2.3' })
  assert.equal(html.match(/<article class="chapter" id="run-\d"/g)?.length, 2)
  assert.match(html, /href="#run-2">two was reverted/)
})

test('a resumed run says from when on it was watched', async () => {
  assert.match(
    await page('killed-forward'),
    /This run was begun earlier and resumed\. Nodes and pods were watched from \d{4}-/
  )
})

test('the same chapters are the same page', async () => {
  const { chapters } = await chronicleOf('broken-image')
  assert.equal(htmlReport(chapters(), { version: '1' }), htmlReport(chapters(), { version: '1' }))
})

test('a thousand nodes with thirty pods each stay a page that a browser can show', () => {
  const chronicle = createChronicle()
  const names = Array.from({ length: 1000 }, (_, index) => `ip-10-0-${index >> 8}-${index & 255}`)
  const pods = names.flatMap((node, index) =>
    Array.from({ length: 30 }, (_, pod) => ({
      uid: `${index}-${pod}`,
      namespace: 'shop',
      name: `web-${index}-${pod}`,
      workload: `shop/web-${pod}`,
      node
    }))
  )
  const nodes = names.map((node) => ({
    instance: `i-${node}`,
    node,
    side: 'outgoing' as const,
    type: 'm7i.large',
    zone: 'a'
  }))
  chronicle.report({
    kind: 'seen',
    at: startAt,
    nodes: nodes.map((node) => ({ ...node, state: 'ready' })),
    pods: pods.map((pod) => ({ ...pod, state: 'ready' }))
  })
  chronicle.report({
    kind: 'seen',
    at: startAt + 60_000,
    nodes: [],
    pods: pods.map((pod) => ({ ...pod, state: 'gone' }))
  })
  chronicle.ended(sampleResult())
  const html = htmlReport(chronicle.chapters(), { version: '1.2.3' })
  assert.ok(html.length < 2_000_000, `${html.length} characters`)
  assert.match(html, /920 more nodes/)
})

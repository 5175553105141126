import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { telemetryFor } from '../../src/entry/telemetry.ts'
import { scenarioNamed } from '../../src/lab/scenarios/all.ts'
import { runScenario } from '../../src/lab/simulation/run-scenario.ts'
import type { Telemetry } from '../../src/telemetry/telemetry.ts'

interface Span {
  name: string
  traceId: string
  parentSpanId?: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  status?: { code?: number; message?: string }
  events?: { name: string }[]
}

/** A collector on loopback. `silent`: it takes everything and never answers. */
async function collector(silent = false) {
  const bodies: { path: string; body: Record<string, unknown> }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    bodies.push({ path: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString('utf8')) })
    if (!silent) response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    spans: () =>
      bodies
        .filter(({ path }) => path === '/v1/traces')
        // biome-ignore lint/suspicious/noExplicitAny: the collector's own format, of which the test reads a few fields.
        .flatMap(({ body }) => (body as any).resourceSpans.flatMap((one: any) => one.scopeSpans[0].spans as Span[])),
    text: (path: string) => JSON.stringify(bodies.filter((one) => one.path === path)),
    close() {
      server.closeAllConnections()
      server.close()
    }
  }
}

/** The exporters read the environment of the process. */
async function played(name: string, url: string, warn: (text: string) => void = () => {}): Promise<void> {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = url
  process.env.OTEL_RESOURCE_ATTRIBUTES = 'deployment.environment.name=test'
  let telemetry: Telemetry | undefined
  try {
    telemetry = await telemetryFor(process.env, (title, text) => warn(`${title}: ${text}`))
    const scenario = scenarioNamed(name)
    assert.ok(scenario)
    const { report, ended } = telemetry
    const [first] = scenario.steps
    await runScenario(
      { ...scenario, steps: first ? [first] : [], end: 'open' },
      { tell: report, ends: (result) => result && ended(result) }
    )
    await telemetry.settled(2_000)
  } finally {
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT
    delete process.env.OTEL_RESOURCE_ATTRIBUTES
  }
}

test('an upgrade is one trace, with a span for each stage in its order', async () => {
  const got = await collector()
  await played('calm-upgrade', got.url)
  const spans: Span[] = got.spans()
  const root = spans.find(({ parentSpanId }) => !parentSpanId)
  const stages = spans
    .filter((span) => span !== root)
    .toSorted((a, b) => (BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1))
  assert.equal(root?.name, 'upgrade workers')
  assert.deepEqual([...new Set(stages.map(({ name }) => name))].toSorted(), [
    'cordon',
    'drain',
    'freeze',
    'launch',
    'release',
    'retire',
    'verify'
  ])
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1)
  assert.ok(stages.some(({ events = [] }) => events.length > 0))
  assert.notEqual(root?.status?.code, 2)
  assert.match(got.text('/v1/metrics'), /eks_node_upgrade\.runs/)
  assert.match(got.text('/v1/metrics'), /deployment\.environment\.name/)
  got.close()
})

test('a revert is a failed trace that says why', async () => {
  const got = await collector()
  await played('broken-image', got.url)
  const spans: Span[] = got.spans()
  const root = spans.find(({ parentSpanId }) => !parentSpanId)
  assert.equal(root?.status?.code, 2)
  assert.match(root?.status?.message ?? '', /not ready/)
  assert.ok(root?.events?.some(({ name }) => name === 'reverting'))
  got.close()
})

test('a collector that never answers, or is not there, delays the end by no more than its limit, and is a warning', async () => {
  const silent = await collector(true)
  for (const url of [silent.url, 'http://127.0.0.1:9']) {
    const warnings: string[] = []
    await played('calm-upgrade', url, (text) => warnings.push(text))
    assert.equal(warnings.length, 1, warnings.join())
    assert.match(warnings[0] ?? '', /^OpenTelemetry: could not be sent: /)
  }
  silent.close()
})

test('without the standard variables, or with OTEL_SDK_DISABLED, nothing is loaded', async () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }
  for (const env of [{}, { ...endpoint, OTEL_SDK_DISABLED: 'true' }]) {
    const telemetry = await telemetryFor(env, assert.fail)
    await telemetry.settled()
  }
})

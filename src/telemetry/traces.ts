/** A run as spans: one for the process's part of the run, and below it one for each stage. */
import { createHash, randomBytes } from 'node:crypto'
import { type Context, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import type { Resource } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Event, Result } from '../engine/model/report.ts'

interface OpenSpans {
  root: Span
  context: Context
  stage?: Span
}

export function traces(resource: Resource, version: string) {
  let runId = ''
  let open: OpenSpans | undefined
  const provider = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
    idGenerator: {
      // Of the run, so that all processes that work on it are in one trace.
      generateTraceId: () => createHash('sha256').update(runId).digest('hex').slice(0, 32),
      generateSpanId: () => randomBytes(8).toString('hex')
    }
  })
  const tracer = provider.getTracer('eks-node-upgrade', version)

  function close(at?: number): void {
    open?.stage?.end(at)
    open?.root.end(at)
    open = undefined
  }

  return {
    report(event: Event): void {
      if (event.kind === 'started') {
        close(event.at)
        runId = event.runId
        const { at: startTime, cluster, group, mode, outgoing, incoming, resumed } = event
        const attributes = { cluster, group, mode, outgoing, incoming, resumed, 'run.id': runId }
        const root = tracer.startSpan(`${mode} ${group}`, { startTime, attributes }, ROOT_CONTEXT)
        open = { root, context: trace.setSpan(ROOT_CONTEXT, root) }
      } else if (open && event.kind === 'stage') {
        open.stage?.setAttribute('detail', event.detail)
        open.stage?.end(event.at)
        const attributes = { direction: event.direction }
        const starts = event.state === 'began'
        open.stage = starts
          ? tracer.startSpan(event.stage, { startTime: event.at, attributes }, open.context)
          : undefined
      } else if (open) addEvent(open, event)
    },
    ended({ outcome, reason, podsMoved, endedAt }: Result, isFailure: boolean): void {
      open?.root.setAttributes({ outcome, 'pods.moved': podsMoved, ...(reason && { reason: reason.code }) })
      if (isFailure) open?.root.setStatus({ code: SpanStatusCode.ERROR, message: reason?.message ?? outcome })
      close(endedAt)
    },
    /** Sends what is left and ends. */
    end(): Promise<void> {
      // Of a process that stops before its run has ended.
      close()
      return provider.shutdown()
    }
  }
}

function addEvent({ root, stage = root }: OpenSpans, event: Event): void {
  switch (event.kind) {
    case 'turned':
      root.addEvent(event.direction, { code: event.reason.code, message: event.reason.message }, event.at)
      break
    case 'did':
      stage.addEvent(event.text, event.at)
      break
    case 'note':
      stage.addEvent(event.title, { level: event.level, text: event.text }, event.at)
      break
    case 'guarded':
      stage.addEvent('guarded', { invariant: event.invariant, object: event.object, action: event.action }, event.at)
  }
}

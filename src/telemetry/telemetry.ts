/**
 * What a run does, as OpenTelemetry's traces and metrics: one trace for each run, with a span for each stage, also if several
 * processes work on it one after the other. It is told what every face is told, and changes nothing.
 */
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { detectResources, envDetector, type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import type { Reporter, Result } from '../engine/model/report.ts'
import { traces } from './traces.ts'

export interface Telemetry extends Reporter {
  ended(result: Result): void
  /** Sends what is left, for so long at most; 5 s unless it is said. Never rejects. */
  settled(limitMs?: number): Promise<void>
}

export interface TelemetryOptions {
  version: string
  /** Whether an outcome is a failure, as the exit code says. */
  failed(result: Result): boolean
  /** Told once, if something could not be sent. */
  warn(text: string): void
}

const name = 'eks-node-upgrade'
const settleMs = 5_000
/** Nothing is sent on the way but spans that have ended; a run is over before this. */
const neverMs = 2 ** 31 - 1

/** The exporters read the standard variables, such as OTEL_EXPORTER_OTLP_ENDPOINT, by themselves. */
export function startTelemetry({ version, failed, warn }: TelemetryOptions): Telemetry {
  let warned = false
  const trouble = (text: string) => {
    if (!warned) warn(text)
    warned = true
  }
  diag.setLogger(
    { error: trouble, warn() {}, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true }
  )
  const resource = resourceFromAttributes({ 'service.name': name, 'service.version': version }).merge(
    detectResources({ detectors: [envDetector] })
  )
  const tracing = traces(resource, version)
  const counting = metrics(resource, version)
  return {
    report: tracing.report,
    ended(result) {
      counting.ended(result)
      tracing.ended(result, failed(result))
    },
    async settled(limitMs = settleMs) {
      const sent = Promise.allSettled([tracing.end(), counting.end()]).then((results) => {
        for (const one of results) if (one.status === 'rejected') trouble(String(one.reason))
      })
      const timer = Promise.withResolvers<void>()
      const late = setTimeout(() => {
        trouble(`the collector has not answered within ${limitMs / 1000} s`)
        timer.resolve()
      }, limitMs)
      await Promise.race([sent, timer.promise])
      clearTimeout(late)
      diag.disable()
    }
  }
}

function metrics(resource: Resource, version: string) {
  const exporter = new OTLPMetricExporter()
  const times = { exportIntervalMillis: neverMs, exportTimeoutMillis: settleMs }
  const meters = new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter, ...times })] })
  const meter = meters.getMeter(name, version)
  const runs = meter.createCounter('eks_node_upgrade.runs', { description: 'Runs that have ended' })
  const duration = meter.createHistogram('eks_node_upgrade.duration', { unit: 's', description: 'How long runs took' })
  const pods = meter.createCounter('eks_node_upgrade.pods_moved', { description: 'Pods that were moved' })
  return {
    ended({ cluster, group, mode, outcome, reason, startedAt, endedAt, podsMoved }: Result): void {
      const facts = { cluster, group, mode, outcome, reason: reason?.code ?? '' }
      runs.add(1, facts)
      duration.record((endedAt - startedAt) / 1000, facts)
      pods.add(podsMoved, { cluster, group })
    },
    /** Sends what is left and ends. */
    end: () => meters.shutdown()
  }
}

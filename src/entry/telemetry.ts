/** OpenTelemetry, if its standard variables name a collector. Not for the action: what it loads is not in dist/. */
import type { Result } from '../engine/model/report.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { exitCode, exitCodes } from './exit-code.ts'
import { version } from './version.ts'

const endpoints = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'
]

const none: Telemetry = { report() {}, ended() {}, settled: async () => {} }

/** `warn` is told once, if something could not be sent. */
export async function telemetryFor(
  env: Readonly<Record<string, string | undefined>>,
  warn: (title: string, text: string) => void
): Promise<Telemetry> {
  if (env.OTEL_SDK_DISABLED === 'true' || !endpoints.some((endpoint) => env[endpoint])) return none
  const good: readonly number[] = [exitCodes.good, exitCodes.cancelled]
  const failed = (result: Result) => !good.includes(exitCode(result))
  try {
    const { startTelemetry } = await import('../telemetry/telemetry.ts')
    return startTelemetry({ version, failed, warn: (text) => warn('OpenTelemetry', `could not be sent: ${text}`) })
  } catch (error) {
    warn('OpenTelemetry', `could not be started: ${String(error)}`)
    return none
  }
}

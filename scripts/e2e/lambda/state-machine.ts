// The state machine of lambda/upgrade.asl.json, executed by the emulator's Step Functions.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SFN } from '@aws-sdk/client-sfn'
import { root, type Testbed } from '../testbed.ts'

export interface Execution {
  status: string
  error?: string
  cause?: string
  output?: unknown
  seconds: number
  /** How often the function was invoked, and what a retry was for. */
  slices: number
  retried: readonly string[]
}

export interface StateMachine {
  start(input: unknown): Promise<StartedExecution>
}

export interface StartedExecution {
  ended(patienceSeconds: number): Promise<Execution>
  /** The events that the function was invoked with so far. */
  events(): Promise<readonly Record<string, unknown>[]>
}

/** `file` as it is deployed: with the function's ARN in its place. */
export async function createStateMachine(testbed: Testbed, functionName: string): Promise<StateMachine> {
  const { endpoint, region } = testbed.aws
  const { key, secret } = testbed.credentials
  const sfn = new SFN({ endpoint, region, credentials: { accessKeyId: key, secretAccessKey: secret } })
  const arn = `arn:aws:lambda:${region}:123456789012:function:${functionName}`
  const definition = readFileSync(join(root, 'lambda/upgrade.asl.json'), 'utf8').replaceAll(/\$\{FunctionArn\}/g, arn)
  const { stateMachineArn } = await sfn.createStateMachine({
    name: `upgrade-by-${functionName}`,
    definition,
    roleArn: 'arn:aws:iam::123456789012:role/state-machine'
  })
  return {
    async start(input) {
      const startedAt = Date.now()
      const { executionArn = '' } = await sfn.startExecution({
        stateMachineArn,
        name: randomUUID(),
        input: JSON.stringify(input)
      })
      return {
        events: async () => eventsOf(await historyOf(sfn, executionArn)),
        async ended(patienceSeconds) {
          for (;;) {
            const { status = '', error, cause, output } = await sfn.describeExecution({ executionArn })
            const seconds = (Date.now() - startedAt) / 1000
            if (status !== 'RUNNING' || seconds > patienceSeconds) {
              const history = await historyOf(sfn, executionArn)
              const failures = history.flatMap(({ taskFailedEventDetails: failed }) => failed?.error ?? [])
              const read = output === undefined ? undefined : JSON.parse(output)
              return {
                status,
                error,
                cause,
                output: read,
                seconds,
                slices: eventsOf(history).length - 1,
                retried: failures
              }
            }
            await sleep(500)
          }
        }
      }
    }
  }
}

async function historyOf(sfn: SFN, executionArn: string) {
  const { events = [] } = await sfn.getExecutionHistory({ executionArn, maxResults: 1000 })
  return events
}

function eventsOf(history: Awaited<ReturnType<typeof historyOf>>): readonly Record<string, unknown>[] {
  return history.flatMap(({ taskScheduledEventDetails: scheduled }) => {
    const { Payload } = JSON.parse(scheduled?.parameters ?? '{}')
    return Payload ? [Payload] : []
  })
}

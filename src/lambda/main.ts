/** The process of the Lambda function. Everything is loaded at its start, when Lambda gives it a whole processor. */
import * as engine from '../engine/run/run.ts'
import { connect } from '../entry/connect.ts'
import { systemClock } from '../entry/system-clock.ts'
import type { Answer } from './answer.ts'
import { answerTo } from './handler.ts'
import type { LambdaContext } from './invocation.ts'

export function handler(event: unknown, context: LambdaContext): Promise<Answer> {
  return answerTo({
    event,
    context,
    env: process.env,
    clock: systemClock,
    program: { engine, connect },
    print: (line) => console.log(line),
    exit: () => process.exit(1)
  })
}

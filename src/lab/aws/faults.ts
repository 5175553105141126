/** Faults as data: errors, delays and lost answers in place of a result. */
import { ConnectionLost, LabAwsError, type Service } from './lab-aws-error.ts'

export type FaultKind =
  | 'throttle'
  | 'unavailable'
  | 'internal'
  | 'deny'
  | 'expired'
  | 'busy'
  | 'contention'
  | 'delay'
  | 'stale'
  | 'lose-request'
  | 'lose-reply'

export interface AwsFault {
  /** `stale`: a describe repeats its last answer to an equal call; the first such call gets the true answer. */
  kind: FaultKind
  /** Only for this service; any, if absent. */
  service?: Service
  /** As AWS names it: `SetDesiredCapacity`; any, if absent. */
  action?: string
  /** How often it happens; -1 means always. Once by default. */
  times?: number
  /** This many matching calls succeed first. */
  after?: number
  /** How long a `delay` takes. */
  seconds?: number
  /** In place of the usual message. */
  message?: string
}

type Answer = readonly [status: number, code: string, message: string]

const commonAnswers: Partial<Record<FaultKind, Answer>> = {
  throttle: [400, 'Throttling', 'Rate exceeded'],
  unavailable: [503, 'ServiceUnavailable', 'Service is unable to handle request.'],
  internal: [500, 'InternalFailure', 'The request processing has failed because of an unknown error.'],
  deny: [403, 'AccessDenied', 'User is not authorized to perform this action'],
  expired: [403, 'ExpiredToken', 'The security token included in the request is expired'],
  busy: [400, 'ScalingActivityInProgress', 'You cannot perform this action while a scaling activity is in progress.'],
  contention: [500, 'ResourceContention', 'Another request is updating this resource.']
}

/** Answers that differ between services. */
const answersOfService: Partial<Record<Service, Partial<Record<FaultKind, Answer>>>> = {
  ec2: {
    throttle: [503, 'RequestLimitExceeded', 'Request limit exceeded.'],
    deny: [403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.'],
    expired: [400, 'RequestExpired', 'Request has expired.']
  },
  eks: {
    throttle: [429, 'ThrottlingException', 'Rate exceeded'],
    deny: [403, 'AccessDeniedException', 'User is not authorized to perform this action'],
    expired: [403, 'ExpiredTokenException', 'The security token included in the request is expired']
  }
}

export interface AwsFaults {
  add(fault: AwsFault): void
  clear(): void
  list(): readonly AwsFault[]
  /** The fault that applies to this call, if there is one; it is counted down. */
  take(service: Service, action: string): AwsFault | undefined
}

export function faults(): AwsFaults {
  const open: { fault: AwsFault; times: number; after: number }[] = []

  function take(service: Service, action: string): AwsFault | undefined {
    for (const entry of open) {
      if (entry.times === 0) continue
      if ((entry.fault.service ?? service) !== service || (entry.fault.action ?? action) !== action) continue
      if (entry.after > 0) {
        entry.after -= 1
        continue
      }
      entry.times -= 1
      return entry.fault
    }
    return undefined
  }

  return {
    add: (fault) => void open.push({ fault, times: fault.times ?? 1, after: fault.after ?? 0 }),
    clear: () => void open.splice(0),
    list: () => open.map(({ fault, times, after }) => ({ ...fault, times, after })),
    take
  }
}

/** The error of a fault; undefined for a delay, a stale answer or a lost answer. */
export function errorOf(service: Service, fault: AwsFault): Error | undefined {
  if (fault.kind === 'lose-request') return new ConnectionLost('socket hang up')
  const answer = answersOfService[service]?.[fault.kind] ?? commonAnswers[fault.kind]
  return answer && new LabAwsError(service, answer[0], answer[1], fault.message ?? answer[2])
}

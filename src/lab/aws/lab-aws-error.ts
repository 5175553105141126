/**
 * What the lab's AWS answers instead of a result. It looks like the error that the SDK makes of the same answer on the
 * wire, so that an adapter cannot tell the two apart.
 */
export type Service = 'autoscaling' | 'ec2' | 'eks' | 'sts'

export class LabAwsError extends Error {
  /** The code on the wire: `ScalingActivityInProgress`. */
  readonly Code: string
  readonly $fault: 'client' | 'server'
  readonly $service: Service
  readonly $metadata: { httpStatusCode: number; requestId: string; attempts: number; totalRetryDelay: number }

  constructor(service: Service, status: number, code: string, message: string) {
    super(message)
    this.name = nameInSdk(service, code)
    this.Code = code
    this.$fault = status < 500 ? 'client' : 'server'
    this.$service = service
    this.$metadata = { httpStatusCode: status, requestId: 'lab', attempts: 1, totalRetryDelay: 0 }
  }
}

/** Modelled errors of Auto Scaling have a class of their own in the SDK, named with a suffix that the wire does not have. */
const namedFaults = new Set([
  'AlreadyExists',
  'InstanceRefreshInProgress',
  'LimitExceeded',
  'ResourceContention',
  'ResourceInUse',
  'ScalingActivityInProgress'
])

function nameInSdk(service: Service, code: string): string {
  if (service === 'autoscaling' && namedFaults.has(code)) return `${code}Fault`
  if (service === 'sts' && code === 'InvalidIdentityToken') return 'InvalidIdentityTokenException'
  return code
}

export const validationError = (message: string) => new LabAwsError('autoscaling', 400, 'ValidationError', message)

/** A connection that broke. As the SDK's own HTTP handler names it; nobody knows whether the call took effect. */
export class ConnectionLost extends Error {
  override readonly name = 'TimeoutError'
  readonly code = 'ECONNRESET'
  readonly $metadata = { attempts: 1, totalRetryDelay: 0 }
}

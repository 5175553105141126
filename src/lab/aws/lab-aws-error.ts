/**
 * An error of the lab's AWS. It has the form of the SDK's error for the same answer over HTTP, so that an adapter
 * cannot distinguish the two.
 */
export type Service = 'autoscaling' | 'ec2' | 'eks' | 'ssm' | 'sts'

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

/** For these codes of Auto Scaling the SDK has classes, whose names have a suffix that the code does not have. */
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

/** A lost connection, named as by the SDK's HTTP handler. The call may have taken effect. */
export class ConnectionLost extends Error {
  override readonly name = 'TimeoutError'
  readonly code = 'ECONNRESET'
  readonly $metadata = { attempts: 1, totalRetryDelay: 0 }
}

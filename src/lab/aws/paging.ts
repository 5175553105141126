/** Pages as in AWS, with a token that is valid for the same call only. */
import { LabAwsError, type Service } from './lab-aws-error.ts'

interface Page<T> {
  items: T[]
  NextToken?: string
}

export function page<T>(
  service: Service,
  items: readonly T[],
  request: { NextToken?: string; size: number | undefined; standard: number; most: number }
): Page<T> {
  const size = Math.min(request.size ?? request.standard, request.most)
  if (size < 1)
    throw new LabAwsError(service, 400, 'ValidationError', `MaxRecords must be between 1 and ${request.most}`)
  const start = request.NextToken === undefined ? 0 : position(service, request.NextToken)
  const end = start + size
  return { items: items.slice(start, end), ...(end < items.length && { NextToken: tokenFor(end) }) }
}

/** The page that a call of Auto Scaling requests. */
export const pageRequest = (input: { NextToken?: string; MaxRecords?: number }, standard: number) => ({
  NextToken: input.NextToken,
  size: input.MaxRecords,
  standard,
  most: 100
})

const tokenFor = (index: number) => Buffer.from(`after:${index}`).toString('base64url')

function position(service: Service, token: string): number {
  const found = /^after:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())
  if (found?.[1]) return Number(found[1])
  const code =
    service === 'ec2' ? 'InvalidNextToken' : service === 'autoscaling' ? 'InvalidNextToken' : 'ValidationError'
  throw new LabAwsError(service, 400, code, 'The specified token is not valid.')
}

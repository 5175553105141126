import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTransient, upgradeErrorFrom } from '../../src/aws/aws-error.ts'
import { UpgradeError } from '../../src/engine/model/error.ts'

const call = { action: 'autoscaling:UpdateAutoScalingGroup', region: 'eu-west-1' }

function thrown(name: string, status: number | undefined, message = 'words', more: object = {}): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status }, ...more })
}

function translated(error: unknown, where: { endpoint?: string } = {}): UpgradeError {
  const result = upgradeErrorFrom(error, { ...call, ...where })
  assert.ok(result instanceof UpgradeError)
  return result
}

const codes: readonly [string, number, string, boolean][] = [
  ['AccessDenied', 403, 'access-denied', false],
  ['UnauthorizedOperation', 403, 'access-denied', false],
  ['AccessDeniedException', 403, 'access-denied', false],
  ['ExpiredToken', 403, 'credentials', false],
  ['InvalidClientTokenId', 403, 'credentials', false],
  ['UnrecognizedClientException', 400, 'credentials', false],
  ['SignatureDoesNotMatch', 403, 'credentials', false],
  ['Throttling', 400, 'aws', true],
  ['RequestLimitExceeded', 503, 'aws', true],
  ['ResourceContentionFault', 500, 'aws', true],
  ['ScalingActivityInProgressFault', 400, 'aws', true],
  ['SomethingNew', 502, 'aws', true],
  ['NotImplemented', 501, 'aws', false],
  ['ValidationError', 400, 'aws', false]
]

for (const [name, status, code, passes] of codes) {
  test(`${name} is ${code}${passes ? ' and passes' : ''}`, () => {
    const cause = thrown(name, status)
    const error = translated(cause)
    assert.equal(error.details.code, code)
    assert.equal(error.details.cause, cause)
    assert.match(error.message, /words/)
    assert.equal(isTransient(error), passes)
  })
}

test('a host that does not exist means a wrong region, unless an endpoint was set', () => {
  const error = thrown('Error', undefined, 'getaddrinfo ENOTFOUND', {
    code: 'ENOTFOUND',
    hostname: 'autoscaling.eu-wset-1.amazonaws.com'
  })
  assert.equal(translated(error).details.code, 'region')
  assert.match(translated(error).message, /autoscaling\.eu-wset-1/)
  const elsewhere = translated(error, { endpoint: 'http://emulator:5000' })
  assert.equal(elsewhere.details.code, 'aws')
  assert.match(elsewhere.message, /http:\/\/emulator:5000/)
})

test('a refused connection quotes the endpoint that was set', () => {
  const error = translated(thrown('Error', undefined, '', { code: 'ECONNREFUSED' }), { endpoint: 'http://127.0.0.1:9' })
  assert.equal(error.details.code, 'aws')
  assert.match(error.details.hint, /http:\/\/127\.0\.0\.1:9/)
})

test('an error that is not an answer of AWS is a bug and comes back as it was', () => {
  const bug = new TypeError('x is not a function')
  assert.equal(upgradeErrorFrom(bug, call), bug)
})

test('an endpoint that is not a URL is quoted, and is not a bug', () => {
  const bad = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' })
  const error = translated(bad, { endpoint: 'notaurl' })
  assert.equal(error.details.code, 'aws')
  assert.match(error.message, /"notaurl"/)
  assert.match(error.details.hint, /AWS_ENDPOINT_URL/)
})

test('the remedy is a command of the service that failed', () => {
  const refused = thrown('InvalidRequestException', 400)
  const error = upgradeErrorFrom(refused, { action: 'eks:DescribeCluster', region: 'eu-west-1' })
  assert.ok(error instanceof UpgradeError)
  assert.match(error.details.hint, /aws eks .*--region eu-west-1/)
})

test('a server that does not belong to AWS is named by its endpoint', () => {
  const error = translated(thrown('NotFound', 404, 'Unknown'), { endpoint: 'http://proxy:1' })
  assert.match(error.message, /http:\/\/proxy:1/)
  assert.match(error.details.hint, /http:\/\/proxy:1/)
})

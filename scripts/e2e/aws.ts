// AWS as the testbed and the checks use it: the official clients, apart from the product's own.
import { AutoScaling } from '@aws-sdk/client-auto-scaling'
import { EC2 } from '@aws-sdk/client-ec2'
import { EKS } from '@aws-sdk/client-eks'
import { IAM } from '@aws-sdk/client-iam'

export interface AwsKey {
  key: string
  secret: string
}

export interface TestAws {
  readonly endpoint: string
  readonly region: string
  readonly autoScaling: AutoScaling
  readonly ec2: EC2
  readonly eks: EKS
  readonly iam: IAM
  /** The emulator's own paths below /_emulator/ and moto's below /moto-api/. Undefined if the endpoint has none. */
  emulator(method: string, path: string, body?: unknown): Promise<unknown>
}

// The emulator keeps calls with this word in their user agent out of its record and its faults: the testbed's own calls
// must not be counted as the product's.
const customUserAgent = 'node-follower'

export function connectTestAws(endpoint: string, region: string, { key, secret }: AwsKey): TestAws {
  const options = { endpoint, region, customUserAgent, credentials: { accessKeyId: key, secretAccessKey: secret } }
  return {
    endpoint,
    region,
    autoScaling: new AutoScaling(options),
    ec2: new EC2(options),
    eks: new EKS(options),
    iam: new IAM(options),
    async emulator(method, path, body) {
      const raw = typeof body === 'string'
      const response = await fetch(new URL(path, endpoint), {
        method,
        headers: body === undefined ? {} : { 'content-type': raw ? 'text/plain' : 'application/json' },
        body: body === undefined ? undefined : raw ? body : JSON.stringify(body)
      })
      const text = await response.text()
      if (!response.ok) return undefined
      return text === '' ? {} : JSON.parse(text)
    }
  }
}

/** A user who may do what the policy says, with a key of its own. */
export async function createUser({ iam }: TestAws, name: string, policy: object): Promise<AwsKey> {
  await iam.createUser({ UserName: name })
  await iam.putUserPolicy({ UserName: name, PolicyName: name, PolicyDocument: JSON.stringify(policy) })
  const { AccessKey } = await iam.createAccessKey({ UserName: name })
  return { key: AccessKey?.AccessKeyId ?? '', secret: AccessKey?.SecretAccessKey ?? '' }
}

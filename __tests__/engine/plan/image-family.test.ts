import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Image } from '../../../src/engine/model/image.ts'
import { familyOf } from '../../../src/engine/plan/image-family.ts'

const image = (name: string, details: Partial<Image> = {}): Image => ({
  id: 'ami-1',
  name,
  architecture: 'x86_64',
  windows: false,
  ownedByAmazon: true,
  owner: '602401143452',
  state: 'available',
  ...details
})

/** Names as AWS gives them, and the parameters of https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html and its siblings. */
const parameters: Readonly<Record<string, string>> = {
  'amazon-eks-node-al2023-x86_64-standard-1.33-v20261002':
    '/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id',
  'amazon-eks-node-al2023-arm64-standard-1.33-v20261002':
    '/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/arm64/standard/recommended/image_id',
  'amazon-eks-node-al2023-x86_64-nvidia-1.33-v20261002':
    '/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/nvidia/recommended/image_id',
  'amazon-eks-node-al2023-x86_64-nvidia-560-1.31-v20241213':
    '/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/nvidia/recommended/image_id',
  'amazon-eks-node-al2023-x86_64-neuron-1.33-v20261002':
    '/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/neuron/recommended/image_id',
  'amazon-eks-node-1.32-v20250904': '/aws/service/eks/optimized-ami/1.34/amazon-linux-2/recommended/image_id',
  'amazon-eks-arm64-node-1.32-v20250904':
    '/aws/service/eks/optimized-ami/1.34/amazon-linux-2-arm64/recommended/image_id',
  'amazon-eks-gpu-node-1.32-v20250904': '/aws/service/eks/optimized-ami/1.34/amazon-linux-2-gpu/recommended/image_id',
  'bottlerocket-aws-k8s-1.33-x86_64-v1.50.0-5d9ac849': '/aws/service/bottlerocket/aws-k8s-1.34/x86_64/latest/image_id',
  'bottlerocket-aws-k8s-1.33-aarch64-v1.50.0-5d9ac849': '/aws/service/bottlerocket/aws-k8s-1.34/arm64/latest/image_id',
  'bottlerocket-aws-k8s-1.33-nvidia-x86_64-v1.50.0-5d9ac849':
    '/aws/service/bottlerocket/aws-k8s-1.34-nvidia/x86_64/latest/image_id',
  'bottlerocket-aws-k8s-1.33-nvidia-fips-x86_64-v1.50.0-5d9ac849':
    '/aws/service/bottlerocket/aws-k8s-1.34-nvidia-fips/x86_64/latest/image_id',
  'Windows_Server-2022-English-Core-EKS_Optimized-1.33-2026.11.12':
    '/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.34/image_id',
  'Windows_Server-2025-English-Full-EKS_Optimized-1.35-2026.11.12':
    '/aws/service/ami-windows-latest/Windows_Server-2025-English-Full-EKS_Optimized-1.34/image_id'
}

for (const [name, parameter] of Object.entries(parameters)) {
  test(`the current image in place of ${name} is found`, () => {
    assert.equal(familyOf(image(name))?.parameter('1.34'), parameter)
  })
}

test('a copy in another account may hold anything, and an image of another name is of no family', () => {
  const name = 'amazon-eks-node-al2023-x86_64-standard-1.33-v20261002'
  assert.equal(familyOf(image(name, { ownedByAmazon: false, owner: '111122223333' })), undefined)
  assert.equal(familyOf(image('al2023-ami-2023.6.20241010.0-kernel-6.1-x86_64')), undefined)
  assert.equal(familyOf(image('')), undefined)
})

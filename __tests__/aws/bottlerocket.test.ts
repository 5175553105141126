import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bottlerocketSettings } from '../../src/aws/bottlerocket.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

test('settings are read with lists over several lines, texts of several lines, dotted keys and comments', () => {
  const toml = `
[settings.kubernetes]
cluster-name = "shop" # the cluster
node-labels.color = 'green'
max-pods = 58

[settings.kubernetes.node-taints]
"example.io/team" = [
  "a:NoSchedule", # first
  "b:NoExecute",
]
gpu = "yes:NoSchedule"

[settings.motd]
text = """
[settings.kubernetes.node-taints]
none = ["x:NoSchedule"]
"""
`
  assert.deepEqual(bottlerocketSettings(base64(toml)), {
    kubernetes: {
      'cluster-name': 'shop',
      'node-labels': { color: 'green' },
      'max-pods': 58,
      'node-taints': { 'example.io/team': ['a:NoSchedule', 'b:NoExecute'], gpu: 'yes:NoSchedule' }
    },
    motd: { text: '[settings.kubernetes.node-taints]\nnone = ["x:NoSchedule"]\n' }
  })
})

test('any other user data has none', () => {
  const others = [
    '',
    '#!/bin/sh\n/etc/eks/bootstrap.sh shop\n',
    'apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n'
  ]
  for (const text of others) assert.equal(bottlerocketSettings(base64(text)), undefined)
  assert.equal(bottlerocketSettings(undefined), undefined)
  assert.equal(bottlerocketSettings(Buffer.from([0x1f, 0x8b, 0xff]).toString('base64')), undefined)
})

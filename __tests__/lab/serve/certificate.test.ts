import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { selfSignedCertificate } from '../../../src/lab/serve/certificate.ts'

test('the certificate vouches for itself, fits its key and names the addresses of loopback', () => {
  const { key, cert } = selfSignedCertificate()
  const read = new X509Certificate(cert)
  assert.ok(read.verify(read.publicKey))
  assert.ok(read.checkPrivateKey(createPrivateKey(key)))
  assert.ok(read.ca)
  assert.equal(read.checkIP('127.0.0.1'), '127.0.0.1')
  assert.equal(read.checkHost('localhost'), 'localhost')
  assert.equal(read.checkHost('example.com'), undefined)
})

test('it holds from an hour before to thirty days after', () => {
  const now = Date.UTC(2026, 4, 6, 7, 8, 9)
  const { validFrom, validTo } = new X509Certificate(selfSignedCertificate(now).cert)
  assert.equal(Date.parse(validFrom), Date.UTC(2026, 4, 6, 6, 8, 9))
  assert.equal(Date.parse(validTo), Date.UTC(2026, 5, 5, 7, 8, 9))
})

test('no two have the same key or serial number', () => {
  const [one, other] = [selfSignedCertificate(), selfSignedCertificate()]
  assert.notEqual(one.key, other.key)
  assert.notEqual(new X509Certificate(one.cert).serialNumber, new X509Certificate(other.cert).serialNumber)
})

/**
 * A key and a certificate that vouches for itself, for the lab's own server on loopback: kubectl sends its token over TLS
 * only. node:crypto signs but makes no certificates, and one of a fixed shape is a page of DER.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const hour = 3_600_000

/** For https://127.0.0.1 and https://localhost, from an hour ago until thirty days from now. */
export function selfSignedCertificate(now = Date.now()): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'))
  const name = sequence(set(sequence(identifier('550403'), element(0x0c, Buffer.from('eks-node-upgrade lab')))))
  const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(15)])
  const toBeSigned = sequence(
    element(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    ecdsaWithSha256,
    name,
    sequence(instant(now - hour), instant(now + 30 * 24 * hour)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(authority(), signsAndServes(), alternativeNames()))
  )
  const signature = sign('sha256', toBeSigned, privateKey)
  const certificate = sequence(toBeSigned, ecdsaWithSha256, element(0x03, Buffer.from([0]), signature))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
  }
}

/** It is its own authority, and says so, or Go's client would not take it for one. */
const authority = () => critical('551d13', sequence(element(0x01, Buffer.from([0xff]))))
/** digitalSignature and keyCertSign. */
const signsAndServes = () => critical('551d0f', element(0x03, Buffer.from([2, 0b1000_0100])))
const alternativeNames = () =>
  sequence(
    identifier('551d11'),
    element(0x04, sequence(element(0x82, Buffer.from('localhost')), element(0x87, Buffer.from([127, 0, 0, 1]))))
  )

function critical(id: string, value: Buffer): Buffer {
  return sequence(identifier(id), element(0x01, Buffer.from([0xff])), element(0x04, value))
}

const sequence = (...parts: Buffer[]) => element(0x30, ...parts)
const set = (...parts: Buffer[]) => element(0x31, ...parts)
const integer = (value: Buffer) => element(0x02, value)
/** An object identifier, encoded. */
const identifier = (hex: string) => element(0x06, Buffer.from(hex, 'hex'))

/** UTCTime: years until 2049. */
function instant(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/\D/g, '')
  return element(0x17, Buffer.from(`${digits.slice(2, 14)}Z`))
}

function element(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const header =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(header), content])
}

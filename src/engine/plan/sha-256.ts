/**
 * SHA-256 (https://nvlpubs.nist.gov/nistpubs/FIPS/NIST.FIPS.180-4.pdf). By hand, because the engine has no part of Node, and the Web's
 * own is asynchronous while a plan is made at once. A plan's digest decides whether an upgrade may start, so it must be hard to make
 * two plans that have the same one; the fingerprints of `fingerprint.ts` are not.
 */

const primes = firstPrimes(64)
const roundConstants = primes.map((prime) => fraction(Math.cbrt(prime)))
const initialState = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))

/** Of the text's UTF-8. */
export function sha256(text: string): Uint8Array {
  const blocks = padded(new TextEncoder().encode(text))
  let state = initialState
  for (let at = 0; at < blocks.byteLength; at += 64) state = compressed(state, schedule(blocks, at))
  const digest = new DataView(new ArrayBuffer(32))
  for (const [index, word] of state.entries()) digest.setUint32(index * 4, word)
  return new Uint8Array(digest.buffer)
}

/** A one bit, zeros, and the length in bits as the last eight bytes of a whole number of blocks. */
function padded(bytes: Uint8Array): DataView {
  const all = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  all.set(bytes)
  all[bytes.length] = 0x80
  const view = new DataView(all.buffer)
  view.setBigUint64(all.length - 8, BigInt(bytes.length) * 8n)
  return view
}

function schedule(blocks: DataView, at: number): readonly number[] {
  const words: number[] = []
  for (let index = 0; index < 16; index++) words.push(blocks.getUint32(at + index * 4))
  for (let index = 16; index < 64; index++) {
    const [early = 0, late = 0] = [words[index - 15], words[index - 2]]
    const small = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)
    const large = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10)
    words.push(((words[index - 16] ?? 0) + small + (words[index - 7] ?? 0) + large) >>> 0)
  }
  return words
}

function compressed(state: readonly number[], words: readonly number[]): number[] {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (const [index, word] of words.entries()) {
    const choice = (e & f) ^ (~e & g)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const first = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + choice + (roundConstants[index] ?? 0) + word
    const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority
    ;[a, b, c, d, e, f, g, h] = [(first + second) >>> 0, a, b, c, (d + first) >>> 0, e, f, g]
  }
  return [a, b, c, d, e, f, g, h].map((word, index) => (word + (state[index] ?? 0)) >>> 0)
}

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

/** The first 32 bits behind the point. */
function fraction(value: number): number {
  return Math.floor((value - Math.floor(value)) * 2 ** 32)
}

function firstPrimes(count: number): readonly number[] {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  }
  return found
}

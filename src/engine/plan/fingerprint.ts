/** Fingerprints that distinguish texts. They do not protect against texts that were made to have the same one. */

const offsetBasis = 0xcbf29ce484222325n
const prime = 0x100000001b3n
const mask = 0xffffffffffffffffn

/** FNV-1a over the text's UTF-8, as 16 hexadecimal digits. http://www.isthe.com/chongo/tech/comp/fnv/ */
export function fingerprint(text: string): string {
  return fnv1a(text).toString(16).padStart(16, '0')
}

/** The same folded to 8 digits, as FNV's authors fold it. */
export function shortFingerprint(text: string): string {
  const hash = fnv1a(text)
  return ((hash >> 32n) ^ (hash & 0xffffffffn)).toString(16).padStart(8, '0')
}

function fnv1a(text: string): bigint {
  let hash = offsetBasis
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * prime) & mask
  return hash
}

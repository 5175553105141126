/** Words in a launch template that mean its own group: user data labels nodes with the name or the color of their group. */
import type { Json, OwnWords } from '../model/node-group.ts'

/** Replaces the group's own words where they stand alone: `blue` in `shop-blue`, not in `bluebird`. */
export function placeholders(text: string, own: OwnWords | undefined): string {
  if (!own) return text
  return text.replace(namePattern(own), '{name}').replace(colorPattern(own), '{color}')
}

/** A template's data with the words of one group replaced by those of another; user data included. */
export function withOwnWords(data: Json, from: OwnWords, to: OwnWords): Json {
  if (typeof data === 'string') return renamed(data, from, to)
  if (typeof data !== 'object' || data === null) return data
  if (Array.isArray(data)) return data.map((one) => withOwnWords(one, from, to))
  const entries = Object.entries(data).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      key === 'UserData' ? renamedUserData(value as Json, from, to) : withOwnWords(value as Json, from, to)
    ])
  )
}

function renamedUserData(value: Json, from: OwnWords, to: OwnWords): Json {
  const text = typeof value === 'string' ? decodeBase64(value) : undefined
  // What is compressed cannot be read here, and stays as it is.
  return text === undefined ? value : encodeBase64(renamed(text, from, to))
}

function renamed(text: string, from: OwnWords, to: OwnWords): string {
  // The name goes first, and its place is kept by a character that no text holds: it may contain the color.
  const kept = '\u0000'
  return text
    .replace(namePattern(from), kept)
    .replace(colorPattern(from), (word) => likeCase(word, to.color))
    .replaceAll(kept, to.name)
}

function likeCase(word: string, color: string): string {
  if (word === word.toUpperCase()) return color.toUpperCase()
  return word === word.toLowerCase() ? color : `${color.charAt(0).toUpperCase()}${color.slice(1)}`
}

function namePattern({ name }: OwnWords): RegExp {
  return new RegExp(`(?<![A-Za-z0-9_-])${escapePattern(name)}(?![A-Za-z0-9_-])`, 'g')
}

function colorPattern({ color }: OwnWords): RegExp {
  return new RegExp(`(?<![A-Za-z0-9])${color}(?![A-Za-z0-9])`, 'gi')
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}

/** undefined: no base64, or not text (compressed user data is compared as it is). */
export function decodeBase64(text: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function encodeBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))
}

/**
 * A gate as it is typed. Its name is what everybody sees: messages, the record in the cluster, the next command. A name holds no
 * secret, so the query and the user of a URL and the arguments of a command are not in it; a fingerprint tells two such gates apart.
 */

export type TypedGate = { readonly name: string } & (
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'alarm'; readonly alarm: string }
  | { readonly kind: 'command'; readonly command: string }
)

/** Stands in a name for what is not shown. */
const hidden = '…'
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const longestAlarm = 255

/** One a line. A comma separates only what begins as a gate does: URLs and commands have commas of their own. */
export function gateEntries(value: string): readonly string[] {
  const entries = value.split(/[\r\n]+|,\s*(?=(?:https?|alarm|command):)/).map((entry) => entry.trim())
  return [...new Set(entries.filter((entry) => entry !== ''))]
}

/** The gate, or what is wrong with it. */
export function parseGate(entry: string): TypedGate | { readonly problem: string } {
  if (entry.includes(hidden)) return { problem: 'it is shortened, as messages show it: give the whole gate' }
  if (entry.startsWith('alarm:')) return alarmGate(entry.slice('alarm:'.length).trim())
  if (entry.startsWith('command:')) return commandGate(entry.slice('command:'.length).trim())
  return urlGate(entry)
}

/** A gate that a record names and this start was not given; undefined if the name does not say all of it. */
export function gateOfName(name: string): TypedGate | undefined {
  // Whoever may write the record must not be able to run a command here.
  if (name.startsWith('command:')) return undefined
  const gate = parseGate(name)
  return 'problem' in gate ? undefined : gate
}

/** What was typed as far as it may be shown in a message. */
export function shownEntry(entry: string): string {
  if (entry.startsWith('command:')) return commandName(entry.slice('command:'.length).trim())
  return entry.replace(/\/\/[^/]*@/, `//${hidden}@`).replace(/[?#].*$/s, `?${hidden}`)
}

function alarmGate(alarm: string): TypedGate | { problem: string } {
  if (alarm === '' || alarm.length > longestAlarm)
    return { problem: `an alarm has a name of 1 to ${longestAlarm} characters` }
  if (alarm.startsWith('arn:')) return { problem: 'give the name of the alarm, not its ARN' }
  return { kind: 'alarm', name: `alarm:${alarm}`, alarm }
}

function commandGate(command: string): TypedGate | { problem: string } {
  if (command === '') return { problem: 'there is no command after command:' }
  return { kind: 'command', name: commandName(command), command }
}

/** The program; its arguments and the variables before it may be secret. */
function commandName(command: string): string {
  const words = command.split(/\s+/)
  const program = words.find((word) => !/^\w+=/.test(word)) ?? ''
  return words.length === 1 && program !== ''
    ? `command:${program}`
    : `command:${program} ${hidden} (${fingerprint(command)})`
}

function urlGate(entry: string): TypedGate | { problem: string } {
  const right = 'it must be https://HOST/…, alarm:NAME or command:COMMAND'
  if (!/^https?:\/\//i.test(entry) || !URL.canParse(entry)) return { problem: right }
  const url = new URL(entry)
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return { problem: 'http:// is only allowed to this machine (localhost); elsewhere it must be https://' }
  }
  const { origin, pathname, search, username, password } = url
  // The fragment is not sent.
  const secret = `${username}:${password}${search}`
  const plain = username === '' && password === '' && search === ''
  const name = plain ? `${origin}${pathname}` : `${origin}${pathname}?${hidden}(${fingerprint(secret)})`
  return { kind: 'url', name, url: entry }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** Six letters that tell two gates apart and lead nobody back to what they were made of. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return (hash >>> 8).toString(16).padStart(6, '0')
}

/** Bottlerocket takes its settings from user data in TOML. */

import { parse } from 'smol-toml'
import type { Json } from '../engine/model/node-group.ts'
import { plainJson } from './translation.ts'

/**
 * The table `settings` of the user data (base64); undefined if this is no user data of Bottlerocket.
 * https://github.com/bottlerocket-os/bottlerocket#using-user-data
 */
export function bottlerocketSettings(userData: unknown): Json | undefined {
  if (typeof userData !== 'string') return undefined
  try {
    const { settings } = parse(Buffer.from(userData, 'base64').toString())
    return typeof settings === 'object' ? plainJson(settings) : undefined
  } catch {
    // A script, a MIME archive, NodeConfig in YAML: anything but TOML.
    return undefined
  }
}

// Bundles the Lambda function into build/lambda/: index.mjs, whose handler is `index.handler`, and what goes with it into the
// function's archive. Made by the same bundler and from the same sources as the action; nothing of it is committed.
import { chmodSync, cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.ts'
import { bundle, sizeOf } from './bundle.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Returns the folder that a function's archive is made of. */
export function bundleLambda(): string {
  build()
  const made = mkdtempSync(join(root, 'build', 'bundle-'))
  bundle('lambda/main.js', made)
  // Lambda needs no package.json to take .mjs for a module.
  renameSync(join(made, 'index.js'), join(made, 'index.mjs'))
  rmSync(join(made, 'package.json'), { force: true })
  cpSync(join(root, 'LICENSE'), join(made, 'LICENSE'))
  // What the compiler left there is in the bundle.
  const lambda = join(root, 'build/lambda')
  rmSync(lambda, { recursive: true, force: true })
  renameSync(made, lambda)
  // Temporary folders are for their owner alone, and Lambda runs the function as another user.
  chmodSync(lambda, 0o755)
  return lambda
}

if (import.meta.main) console.log(`build/lambda/ is written: ${sizeOf(bundleLambda())}`)

#!/usr/bin/env node
// The first file that runs, and one that every Node can read: it says which Node is needed before anything is loaded that
// an older one would stumble over with a stack trace.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 19)) {
  await import('./main.ts')
} else {
  process.stderr.write(
    `eks-node-upgrade needs Node.js 22.19 or later; this is ${process.versions.node}. Nothing was changed.\n`
  )
  process.exitCode = 2
}

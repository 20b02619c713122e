#!/usr/bin/env node
/** The `antiphon` command. */
import { isAtLeast, leastNode } from "../internal/nodeVersion.ts"

// An older Node cannot even load the command, so it is loaded after the check.
if (isAtLeast(process.versions.node, leastNode)) {
  const { main } = await import("../Cli.ts")
  main()
} else {
  console.error(`\n  ✗ Node ${process.versions.node} is too old: antiphon needs ${leastNode} or newer.\n`)
  process.exitCode = 1
}

#!/usr/bin/env node
/** The `antiphon` command. */
import * as Cli from "../Cli.ts"

Cli.main()

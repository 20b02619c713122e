/**
 * The command line of Antiphon, for programs with defaults of their own.
 *
 * @since 0.1.0
 */
export * as Cli from "./Cli.ts"
export * as CliError from "./CliError.ts"

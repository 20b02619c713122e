/**
 * Why a server could not start, in one line for the person who started it: which setting is wrong, and what it should be.
 *
 * @since 0.1.0
 */
import * as ErrorText from "@antiphon/core/ErrorText"
import type * as Config from "effect/Config"
import type { ServeError } from "effect/http/HttpServerError"
import * as Predicate from "effect/Predicate"
import * as SchemaIssue from "effect/SchemaIssue"

/** What keeps a server from starting. */
export type StartFailure = Config.ConfigError | ServeError

/**
 * Describes the failure of a server in one line, without a stack. Any other failure, such as a model's, has its own message.
 * `portVariable` is the setting of the port that the server could not listen on.
 */
export const message = (error: unknown, portVariable = "PORT"): string =>
  isTagged(error, "ConfigError")
    ? `A setting cannot be read. ${messageOfConfig(error as Config.ConfigError)}`
    : isTagged(error, "ServeError")
      ? messageOfServe((error as ServeError).cause, portVariable)
      : oneLine(ErrorText.of(error))

const isTagged = (error: unknown, tag: StartFailure["_tag"]): boolean => Predicate.isTagged(error, tag)

/** The port that is in use already, if that is why the server could not start. */
export const portInUse = ({ cause }: ServeError): number | undefined => {
  const { code, port } = facts(cause)
  return code === "EADDRINUSE" ? port : undefined
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** Names what a setting must be in words of its user; the rest of the messages are plain already. */
const plain: ReadonlyArray<readonly [RegExp, string]> = [
  [/^a string representing a finite number/, "a number"],
  [/^an integer/, "a whole number"],
  [/^a valid Duration string/, "a time with its unit, such as 10 seconds"],
  [/^"true" \| .*/, "true or false"],
  [/^a valid URL string/, "an address, such as https://host.example"]
]

const messageOfConfig = ({ cause }: Config.ConfigError): string => {
  if (cause._tag !== "SchemaError") return oneLine(cause.message)
  const [first] = format(cause.issue).issues
  if (first === undefined) return oneLine(cause.message)
  const name = (first.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join("_")
  const expected = oneLine(first.message).replace(/^Expected /, "")
  const rule = plain.find(([pattern]) => pattern.test(expected))
  const must = rule === undefined ? expected.replaceAll(" | ", " or ") : expected.replace(rule[0], rule[1])
  return name === "" ? oneLine(first.message) : `"${name}" must be ${must}.`
}

const messageOfServe = (cause: unknown, variable: string): string => {
  const { address, code, hostname, port } = facts(cause)
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} is in use already: set ${variable} to another one.`
    case "EACCES":
      return `Port ${port} is not allowed for this user: set ${variable} to one above 1023.`
    case "EADDRNOTAVAIL":
      return `${address} is not an address of this machine: set HOST to one that is, or leave it out.`
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `The name ${hostname} is not known: set HOST to an address of this machine, or leave it out.`
    case undefined:
      return oneLine(ErrorText.of(cause))
    default:
      return `The server could not listen: ${oneLine(ErrorText.of(cause))}.`
  }
}

interface Facts {
  readonly code?: string | undefined
  readonly port?: number | undefined
  readonly address?: string | undefined
  readonly hostname?: string | undefined
}
const facts = (cause: unknown): Facts => (cause instanceof Error ? (cause as Facts) : {})

const oneLine = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(", ")

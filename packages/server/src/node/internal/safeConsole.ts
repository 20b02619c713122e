/**
 * What a server prints is safe to read: a log may hold words of a caller, such as in the message of an error of somebody's code,
 * and a terminal obeys what is written to it. Colours pass, because they only look different.
 */
import * as Printable from "@antiphon/core/Printable"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { formatWithOptions } from "node:util"

/** Layer that escapes what everything under it prints, on the console that is there already. */
export const layer: Layer.Layer<never> = Layer.effect(
  Console.Console,
  Console.consoleWith((console) => Effect.succeed(safe(console)))
)

const colors = process.stdout.isTTY === true

const printing = ["debug", "error", "group", "groupCollapsed", "info", "log", "trace", "warn"] as const

const safe = (console: Console.Console): Console.Console => {
  const escaping: { [name: string]: unknown } = {}
  for (const name of printing) {
    // Formatted here, because Node prints the message of an error as it is, wherever in a value the error stands.
    escaping[name] = (...printed: ReadonlyArray<unknown>) =>
      console[name](escaped(formatWithOptions({ colors }, ...printed)))
  }
  return Object.assign(Object.create(console) as Console.Console, escaping)
}

// oxlint-disable-next-line no-control-regex -- The sequences by which loggers colour their text.
const colour = /(\u001b\[[\d;]*m)/

const escaped = (text: string): string =>
  text
    .split(colour)
    .map((part, index) => (index % 2 === 0 ? Printable.escaped(part, { keepLines: true }) : part))
    .join("")

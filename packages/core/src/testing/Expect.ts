/**
 * Expectations on a call that was played. Where one is not met, it throws, and the message shows the call as a timeline.
 *
 * They throw a plain error and know no test runner, so they work in each; what they do not cover is a question to `Played`
 * and an assertion of your own.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Event from "../Event.ts"
import * as JsonText from "../JsonText.ts"
import * as Played from "./Played.ts"
import * as Timeline from "./Timeline.ts"

/** An expectation was not met. */
export class ExpectationError extends Error {
  override readonly name = "ExpectationError"
  readonly entries: ReadonlyArray<Timeline.Entry>

  constructor(message: string, entries: ReadonlyArray<Timeline.Entry>) {
    super(`${message}\n\n${Timeline.render(entries)}\n`)
    this.entries = entries
  }
}

const fail = ({ entries }: Played.Played, message: string): never => {
  throw new ExpectationError(message, entries)
}

/** A text that contains these words, or fits this pattern. */
export type Words = string | RegExp

const fits = (text: string, words: Words) => (typeof words === "string" ? text.includes(words) : words.test(text))
const quoted = (words: Words) => (typeof words === "string" ? `“${words}”` : String(words))

/** Expects that the caller has heard something. */
export const heard = (call: Played.Played, words: Words): void => {
  if (!fits(Played.heard(call), words)) fail(call, `The caller has not heard ${quoted(words)}.`)
}

/** Expects that the caller has not heard something. */
export const notHeard = (call: Played.Played, words: Words): void => {
  if (fits(Played.heard(call), words)) fail(call, `The caller has heard ${quoted(words)}.`)
}

/** Expects that the agent has sent something to be spoken, whether it was heard or not. */
export const said = (call: Played.Played, words: Words): void => {
  if (!fits(Played.said(call), words)) fail(call, `The agent has not said ${quoted(words)}.`)
}

/** When something is to have happened: at a time of the call, or between two, both included. */
export type When = Duration.Input | { readonly from?: Duration.Input; readonly to?: Duration.Input }

const isRange = (when: When): when is { readonly from?: Duration.Input; readonly to?: Duration.Input } =>
  typeof when === "object" && !Duration.isDuration(when) && !Array.isArray(when) && ("from" in when || "to" in when)

const within = (at: number, when: When | undefined): boolean => {
  if (when === undefined) return true
  if (!isRange(when)) return at === Duration.toMillis(when)
  return (
    (when.from === undefined || at >= Duration.toMillis(when.from)) &&
    (when.to === undefined || at <= Duration.toMillis(when.to))
  )
}

const told = (when: When | undefined): string => {
  if (when === undefined) return ""
  const time = (input: Duration.Input) => Duration.format(Duration.fromInputUnsafe(input))
  if (!isRange(when)) return ` at ${time(when)}`
  return `${when.from === undefined ? "" : ` from ${time(when.from)}`}${when.to === undefined ? "" : ` until ${time(when.to)}`}`
}

/** Whether a value has all that another one says of it. */
const matches = (value: unknown, expected: unknown): boolean => {
  if (Object.is(value, expected)) return true
  if (expected instanceof RegExp) return typeof value === "string" && expected.test(value)
  if (typeof expected !== "object" || expected === null || typeof value !== "object" || value === null) return false
  if (Array.isArray(expected)) {
    return (
      Array.isArray(value) && value.length === expected.length && expected.every((one, i) => matches(value[i], one))
    )
  }
  return Object.entries(expected).every(([key, one]) => matches((value as Record<string, unknown>)[key], one))
}

type Partially<E> = E extends { readonly _tag: infer Tag }
  ? { readonly _tag: Tag } & { readonly [K in keyof E]?: E[K] | RegExp }
  : never

const show = (value: unknown): string => (value instanceof RegExp ? String(value) : JsonText.stringify(value))

/** Expects an output of the agent that has these fields, at a time. */
export const output = (call: Played.Played, expected: Partially<Event.Output>, when?: When): void => {
  const found = call.entries.some(
    (entry) => entry._tag === "Sent" && matches(entry.output, expected) && within(entry.at, when)
  )
  if (!found) fail(call, `The agent has sent no ${show(expected)}${told(when)}.`)
}

/** Expects that no output of the agent has these fields. */
export const noOutput = (call: Played.Played, expected: Partially<Event.Output>): void => {
  const found = call.entries.some((entry) => entry._tag === "Sent" && matches(entry.output, expected))
  if (found) fail(call, `The agent has sent ${show(expected)}.`)
}

/** Expects an event of the call, as agents see it, that has these fields. */
export const event = (call: Played.Played, expected: Partially<Event.Input>): void => {
  if (!Played.events(call).some((event) => matches(event, expected)))
    fail(call, `The call has no event ${show(expected)}.`)
}

/** Expects that a tool was called with arguments that have these fields, and ended with this result, if they are given. */
export const tool = (
  call: Played.Played,
  name: string,
  expected: { readonly args?: { readonly [key: string]: unknown }; readonly result?: unknown } = {},
  when?: When
): void => {
  const found = Played.tools(call).some(
    (one) =>
      one.name === name &&
      matches(one.args, expected.args ?? {}) &&
      (!("result" in expected) || (one.returned !== undefined && matches(one.returned.result, expected.result))) &&
      within(one.at, when)
  )
  if (found) return
  const made = Played.tools(call).map(
    (one) => `${one.name}(${show(one.args)})${one.returned === undefined ? "" : ` → ${show(one.returned.result)}`}`
  )
  fail(
    call,
    `No call of ${name}${show(expected) === "{}" ? "" : ` with ${show(expected)}`}${told(when)}. Called: ${made.join(", ") || "nothing"}.`
  )
}

/** Expects that a tool was not called. */
export const noTool = (call: Played.Played, name: string): void => {
  if (Played.tools(call).some((one) => one.name === name)) fail(call, `${name} was called.`)
}

/** Expects that the prompt of the n-th request to a model, counted from 1, contains some words. */
export const prompt = (call: Played.Played, n: number, words: Words): void => {
  const prompts = Played.prompts(call)
  const asked = prompts[n - 1]
  if (asked === undefined) return fail(call, `Models were asked ${prompts.length} times, not ${n} times.`)
  const text = asked.prompt.map((message) => JSON.stringify(message)).join("\n")
  if (!fits(text, words)) fail(call, `The prompt of request ${n} does not contain ${quoted(words)}:\n${text}`)
}

/** Expects that the caller never waited longer than this for the agent to speak. */
export const waitAtMost = (call: Played.Played, duration: Duration.Input): void => {
  const longest = Played.longestWait(call)
  if (longest > Duration.toMillis(duration))
    fail(
      call,
      `The caller waited ${Duration.format(Duration.millis(longest))}, longer than ${Duration.format(Duration.fromInputUnsafe(duration))}.`
    )
}

/** Expects how the call ended. */
export const endedBy = (call: Played.Played, by: Timeline.HungUpBy, reason?: string | RegExp): void => {
  const outcome = Played.outcome(call)
  if (outcome.by !== by || (reason !== undefined && !matches(outcome.reason, reason)))
    fail(
      call,
      `The call was ended by ${outcome.by}${outcome.reason === undefined ? "" : ` (${outcome.reason})`}, not by ${by}${reason === undefined ? "" : ` (${reason})`}.`
    )
}

/** Expects that no turn has failed. */
export const noFailure = (call: Played.Played): void => {
  const failed = call.entries.find((entry) => entry._tag === "TurnFailing" || entry._tag === "CallFailed")
  if (failed !== undefined) fail(call, "A turn has failed.")
}

/** Expects that nothing of the call is left running. */
export const nothingLeft = (call: Played.Played): void => {
  const left = Played.fibersLeft(call)
  if (left > 0) fail(call, `${left} fibers of the call are left running.`)
}

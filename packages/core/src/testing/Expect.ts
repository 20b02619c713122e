/**
 * Expectations on a call that was played. An expectation that is not met throws, and the message shows the call as a
 * timeline.
 *
 * Expectations throw plain errors, so they work with any test runner. For anything else, combine the questions of
 * `Played` with your own assertions.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Event from "../Event.ts"
import * as InWords from "./internal/phone/words.ts"
import * as Patterns from "./internal/phone/pattern.ts"
import * as Caller from "./Caller.ts"
import type * as Pattern from "./Pattern.ts"
import * as Played from "./Played.ts"
import * as Timeline from "./Timeline.ts"

/** An expectation was not met. */
export class ExpectationError extends Error {
  override readonly name = "ExpectationError"
  declare readonly entries: ReadonlyArray<Timeline.Entry>

  constructor(message: string, entries: ReadonlyArray<Timeline.Entry>) {
    super(`${message}\n\n${Timeline.render(entries)}\n`)
    // Not enumerable, so that printing the error shows its message instead of every entry.
    Object.defineProperty(this, "entries", { value: entries })
  }
}

const fail = ({ entries }: Played.Played, message: string): never => {
  throw new ExpectationError(message, entries)
}

/** A text that contains these words, or matches this pattern. */
export type Words = string | RegExp

const quoted = (words: Words) => (typeof words === "string" ? `“${words}”` : String(words))

/** When something should have happened: at a time of the call, or between two times, inclusive. */
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

const duration = (ms: number) => Duration.format(Duration.millis(ms))

/** Expects that the caller heard something, and began to hear it at a time. */
export const heard = (call: Played.Played, words: Words, when?: When): void => {
  if (!InWords.areIn(Played.heard(call), words)) fail(call, `The caller has not heard ${quoted(words)}.`)
  const times = Played.heardAt(call, words)
  if (when !== undefined && !times.some((at) => within(at, when)))
    fail(call, `The caller has not heard ${quoted(words)}${told(when)}, but at ${times.map(duration).join(" and ")}.`)
}

/** Expects that the caller did not hear something. */
export const notHeard = (call: Played.Played, words: Words): void => {
  if (InWords.areIn(Played.heard(call), words)) fail(call, `The caller has heard ${quoted(words)}.`)
}

/** Expects that the agent sent something to be spoken, heard or not, and began to send it at a time. */
export const said = (call: Played.Played, words: Words, when?: When): void => {
  if (!InWords.areIn(Played.said(call), words)) fail(call, `The agent has not said ${quoted(words)}.`)
  const times = Played.saidAt(call, words)
  if (when !== undefined && !times.some((at) => within(at, when)))
    fail(call, `The agent has not said ${quoted(words)}${told(when)}, but at ${times.map(duration).join(" and ")}.`)
}

type Partially<E> = E extends { readonly _tag: infer Tag }
  ? { readonly _tag: Tag } & { readonly [K in keyof E]?: Pattern.Pattern<E[K]> }
  : never

const show = Patterns.show

/** Tells how the nearest value differs from a description, as the end of a sentence. */
const butFor = (values: ReadonlyArray<{ readonly _tag: string }>, expected: { readonly _tag: string }): string => {
  const alike = values.filter(({ _tag }) => _tag === expected._tag)
  const near = Patterns.nearest(alike, expected)
  return near === undefined || near.differences.length === 0 ? "" : ` In the nearest, ${near.differences.join("; ")}.`
}

/** Expects an output of the agent that has these fields, at a time. Fields may be patterns, at any depth. */
export const output = (call: Played.Played, expected: Partially<Event.Output>, when?: When): void => {
  const sent = call.entries.flatMap((entry) => (entry._tag === "Sent" ? [entry] : []))
  const found = sent.filter((entry) => Patterns.matches(entry.output, expected))
  if (found.some(({ at }) => within(at, when))) return
  const why = found.length > 0 ? `, but at ${timesOf(found)}.` : `.${butFor(Played.outputs(call), expected)}`
  fail(call, `The agent has sent no ${show(expected)}${told(when)}${why}`)
}

/** Expects that no output of the agent has these fields. */
export const noOutput = (call: Played.Played, expected: Partially<Event.Output>): void => {
  const found = call.entries.some((entry) => entry._tag === "Sent" && Patterns.matches(entry.output, expected))
  if (found) fail(call, `The agent has sent ${show(expected)}.`)
}

/** Expects an event of the call, as agents see it, that has these fields, at a time. Fields may be patterns, at any depth. */
export const event = (call: Played.Played, expected: Partially<Event.Input>, when?: When): void => {
  const found = Played.events(call).filter((event) => Patterns.matches(event, expected))
  if (found.length === 0) fail(call, `The call has no event ${show(expected)}.${butFor(Played.events(call), expected)}`)
  const times = found.flatMap(({ eventId }) => Played.timeOf(call, eventId) ?? [])
  if (when === undefined || times.some((at) => within(at, when))) return
  const seen = times.length === 0 ? "" : `, but at ${times.map(duration).join(" and ")}`
  fail(call, `The call has no event ${show(expected)}${told(when)}${seen}.`)
}

/** An expected tool call. Both may be patterns: `{ args: { city: /^O/ }, result: /degrees/ }`. */
export interface ToolPattern {
  readonly args?: { readonly [key: string]: unknown } | RegExp | undefined
  /** A regular expression is matched against the text of the result; the text of an object is its JSON. */
  readonly result?: unknown
}

/** Expects that a tool was called with arguments that have these fields, and ended with this result, if they are given. */
export const tool = (call: Played.Played, name: string, expected: ToolPattern = {}, when?: When): void => {
  const made = Played.tools(call).filter((one) => one.name === name)
  const found = made.filter((one) => Patterns.matches(toolOf(one), expected))
  if (found.some(({ at }) => within(at, when))) return
  const near = Patterns.nearest(made.map(toolOf), expected)
  const called = Played.tools(call).map(
    (one) => `${one.name}(${show(one.args)})${one.returned === undefined ? "" : ` → ${show(one.returned.result)}`}`
  )
  const but = found.length > 0 ? `, but at ${timesOf(found)}.` : "."
  const why =
    near === undefined || near.differences.length === 0 ? "" : ` In the nearest, ${near.differences.join("; ")}.`
  fail(
    call,
    `No call of ${name}${show(expected) === "{}" ? "" : ` with ${show(expected)}`}${told(when)}${but}${why} Called: ${called.join(", ") || "nothing"}.`
  )
}

const toolOf = ({ args, returned }: Played.ToolCall) => ({
  args,
  ...(returned === undefined ? {} : { result: returned.result })
})

const timesOf = (found: ReadonlyArray<{ readonly at: number }>): string =>
  found.map(({ at }) => duration(at)).join(" and ")

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
  if (!InWords.areIn(text, words)) fail(call, `The prompt of request ${n} does not contain ${quoted(words)}:\n${text}`)
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

/** An expected silence: who spoke before and after it, and how long it was. */
export interface Silence {
  readonly after?: Played.Silence["after"] | undefined
  readonly before?: Played.Silence["before"] | undefined
  readonly lasts?: When | undefined
}

const isLike =
  ({ after, before, lasts }: Silence) =>
  (silence: Played.Silence) =>
    (after === undefined || silence.after === after) &&
    (before === undefined || silence.before === before) &&
    within(silence.to - silence.from, lasts)

const lengths = (call: Played.Played) =>
  Played.silences(call)
    .map(({ after, before, from, to }) => `${duration(to - from)} from ${after} to ${before}`)
    .join(", ")

/** Expects that there was such a silence. */
export const silence = (call: Played.Played, expected: Silence): void => {
  if (!Played.silences(call).some(isLike(expected)))
    fail(call, `There was no such silence: ${show(expected)}. There were: ${lengths(call) || "none"}.`)
}

/** Expects that there was no such silence. */
export const noSilence = (call: Played.Played, expected: Silence): void => {
  if (Played.silences(call).some(isLike(expected)))
    fail(call, `There was such a silence: ${show(expected)}. There were: ${lengths(call)}.`)
}

/** Expects that the caller completed the script, and nobody else hung up before. */
export const scriptPlayed = (call: Played.Played): void => {
  const [first, ...more] = Played.unplayed(call)
  if (first !== undefined)
    fail(
      call,
      `The script was not played to its end: ${Caller.describe(first)}${more.length === 0 ? "" : `, and ${more.length} steps more`}.`
    )
}

/** Expects that the call ended in a certain way. */
export const endedBy = (call: Played.Played, by: Timeline.HungUpBy, reason?: string | RegExp): void => {
  const outcome = Played.outcome(call)
  if (outcome.by !== by || (reason !== undefined && !Patterns.matches(outcome.reason, reason)))
    fail(
      call,
      `The call was ended by ${outcome.by}${outcome.reason === undefined ? "" : ` (${outcome.reason})`}, not by ${by}${reason === undefined ? "" : ` (${reason})`}.`
    )
}

/** Expects that no turn has failed. */
export const noFailure = (call: Played.Played): void => {
  for (const entry of call.entries) {
    if (entry._tag === "TurnFailing") fail(call, `Turn ${entry.turn} has failed: ${entry.message}.`)
    if (entry._tag === "CallFailed") fail(call, `The call has failed: ${entry.error.message}.`)
  }
}

/** Expects that nothing of the call is left running. */
export const nothingLeft = (call: Played.Played): void => {
  const left = Played.fibersLeft(call)
  if (left > 0) fail(call, `${left} fibers of the call are left running.`)
}

/**
 * An agent made of rules: for each event, the actions of the first matching rule are carried out in order.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Case from "./Case.ts"
import * as Notation from "./Notation.ts"

/** A rule's `throw`. */
export class Thrown extends Error {}

/** Fills in `{text}`, `{event}` and `{arg:x}` from an event. Leaves other braces unchanged. */
const fill = (text: string, event: Event.Input, args: { readonly [name: string]: unknown }): string =>
  Notation.fill(text, (name) => {
    if (name === "text") return Event.text(event)
    return name === "event" ? Notation.typeOf(event) : Notation.argument(args)(name)
  })

const fits = ({ on }: Case.Rule, type: string): boolean =>
  typeof on === "string" ? on === type || on === "*" : on.includes(type) || on.includes("*")

const sendCustom = (metadata: { readonly [key: string]: unknown }) => Stream.make(Event.sendCustom(metadata))

/** Makes an agent from rules. `note` receives its notes; `args` are the arguments of the tool that handed the call to it. */
export const make =
  (
    rules: ReadonlyArray<Case.Rule>,
    options: { readonly note: (note: unknown) => void; readonly args?: { readonly [name: string]: unknown } }
  ): Agent.Agent<Thrown> =>
  (event, turn) => {
    const type = Notation.typeOf(event)
    const rule = rules.find((rule) => fits(rule, type))
    if (rule === undefined) return Stream.empty
    const wait = (ms: number) =>
      rule.noteCancel === true
        ? Effect.onInterrupt(Effect.sleep(ms), () => Effect.sync(() => options.note(`cancelled: ${type}`)))
        : Effect.sleep(ms)
    return Stream.flatMap(Stream.fromIterable(rule.do), (action) =>
      perform(action, { event, turn, wait, note: options.note, fill: (text) => fill(text, event, options.args ?? {}) })
    )
  }

interface Doing {
  readonly event: Event.Input
  readonly turn: Turn.Turn
  readonly wait: (ms: number) => Effect.Effect<void>
  readonly note: (note: unknown) => void
  readonly fill: (text: string) => string
}

const perform = (action: Case.Action, doing: Doing): Stream.Stream<Event.Output, Thrown> => {
  const { event, fill, turn, wait } = doing
  const note = (make: () => unknown) => Stream.fromEffectDrain(Effect.sync(() => doing.note(make())))
  if (action.emit !== undefined) return Stream.make(Notation.mapTexts(action.emit, fill))
  if (action.waitMs !== undefined) return Stream.fromEffectDrain(wait(action.waitMs))
  if (action.throw !== undefined) return Stream.fail(new Thrown(fill(action.throw)))
  if (action.note !== undefined) {
    const text = action.note
    return note(() => fill(text))
  }
  if (action.noteHistory !== undefined) return note(() => ({ history: Notation.describeHistory(turn.history) }))
  if (action.reportHistory !== undefined) return sendCustom({ history: Notation.describeHistory(turn.history) })
  if (action.reportEvent !== undefined) return sendCustom({ event: Notation.describe(event, { ids: true }) })
  if (action.stream !== undefined) {
    const { count, everyMs, text } = action.stream
    return Stream.flatMap(Stream.range(0, count - 1), (i) =>
      Stream.concat(
        i === 0 ? Stream.empty : Stream.fromEffectDrain(wait(everyMs)),
        Stream.make(Event.sendText(fill(text.replaceAll("{i}", String(i)))))
      )
    )
  }
  return Stream.empty
}

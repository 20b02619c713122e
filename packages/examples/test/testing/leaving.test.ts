import { Agent, Event } from "@antiphon/core"
import { Caller, Expect, Played, TestCall } from "@antiphon/core/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Stream } from "effect"

/** Places an order in the background, and records in a book how the call went. */
const makeDesk = (book: Array<string>) => {
  const write = (line: string) => Effect.sync(() => void book.push(line))
  return Agent.make(
    Agent.route({
      CallStarted: (_, turn) => {
        const order = Effect.onInterrupt(Effect.sleep("1 minute"), () => write("the order was cancelled"))
        return Stream.concat(
          Stream.fromEffectDrain(turn.background("order", order)),
          Stream.make(Event.sendText("I place your order, that takes a minute."))
        )
      },
      CallEnded: () => Stream.fromEffectDrain(write("the caller has hung up"))
    })
  )
}

it.effect("a caller who hangs up in mid-sentence: the agent is told, and its work is stopped", () =>
  Effect.gen(function* () {
    const book: Array<string> = []
    const call = yield* TestCall.run(makeDesk(book), [Caller.hears("order,"), Caller.hangsUp])
    assert.deepStrictEqual(Played.outcome(call), { by: "caller", at: 1500, reason: undefined })
    Expect.notHeard(call, "minute")
    assert.deepStrictEqual(book, ["the caller has hung up", "the order was cancelled"])
    Expect.nothingLeft(call)
  })
)

it.effect("a lost connection: nobody tells the agent, but nothing of the call is left running", () =>
  Effect.gen(function* () {
    const book: Array<string> = []
    const call = yield* TestCall.run(makeDesk(book), [Caller.hears("order,"), Caller.losesConnection])
    Expect.endedBy(call, "connection")
    assert.deepStrictEqual(book, ["the order was cancelled"])
    Expect.nothingLeft(call)
  })
)

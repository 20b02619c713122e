import { assert } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Agent from "../src/Agent.ts"
import * as Call from "../src/Call.ts"
import * as Event from "../src/Event.ts"
import type * as History from "../src/History.ts"
import { settled, test } from "./virtualTest.ts"

test("the words of a tentative turn leave no trace until it is committed", function* () {
  const sent: Array<string> = []
  const call = yield* Call.make(
    Agent.make(Agent.route({ UserTurnEnded: (e) => Stream.make(Event.sendText(`You said ${Event.text(e)}`)) })),
    {
      harness: {
        send: (o) => Effect.sync(() => void sent.push(...o.map((x) => (x._tag === "AgentSendText" ? x.text : x._tag)))),
        fail: () => Effect.void
      }
    }
  )
  const tags = (h: { readonly events: ReadonlyArray<History.HistoryEvent> }) =>
    h.events.map((e) => Event.text(e) || e._tag)
  yield* call.receive({ _tag: "UserTurnStarted" })
  yield* call.receive({ _tag: "UserTurnEnded", content: "a table", tentative: true })
  yield* settled
  assert.deepStrictEqual(sent, [])
  assert.deepStrictEqual(tags(yield* call.history), ["CallStarted", "UserTurnStarted", "a table", "a table"])
  yield* call.receive({ _tag: "UserTurnResumed" })
  yield* settled
  assert.deepStrictEqual(tags(yield* call.history), ["CallStarted", "UserTurnStarted"])
  yield* call.receive({ _tag: "UserTurnEnded", content: "a table for two", tentative: true })
  yield* settled
  yield* call.receive({ _tag: "UserTurnCommitted" })
  yield* settled
  assert.deepStrictEqual(sent, ["You said a table for two"])
  assert.deepStrictEqual(tags(yield* call.history), [
    "CallStarted",
    "UserTurnStarted",
    "a table for two",
    "a table for two"
  ])
  assert.deepStrictEqual(
    (yield* call.history).entries.map((e) => e.item._tag),
    ["CallStarted", "UserTurnStarted", "UserTextSent", "UserTurnEnded", "AgentSendText"]
  )
})

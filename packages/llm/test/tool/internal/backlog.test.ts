import type * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Backlog from "../../../src/tool/internal/backlog.ts"
import * as ToolCall from "../../../src/tool/internal/toolCall.ts"

const returned = (name: string): Event.Input => ({
  _tag: "BackgroundReturned",
  eventId: "e1",
  name,
  respondingTo: "u1",
  outcome: "Returned",
  result: "found"
})
const result = {
  _tag: "AgentToolReturned",
  toolCallId: "l1-0",
  toolName: "look",
  toolArgs: {},
  result: "found"
} as const
const given = (...outputs: ReadonlyArray<Event.Output>) => ({
  owner: ToolCall.none(),
  outputs,
  turn: undefined as never
})

describe("backlog", () => {
  it.effect("a result is settled when a reply has answered it, not when a turn has read it", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const backlog = yield* Backlog.make
        backlog.names.add("look")
        Backlog.add(backlog, given(result))
        assert.isFalse(Backlog.isSettled(backlog, [returned("look")]))
        Backlog.take(backlog)
        assert.isFalse(Backlog.isSettled(backlog, [returned("look")]))
        Backlog.answered(backlog, ["l1-0"])
        assert.isTrue(Backlog.isSettled(backlog, [returned("look")]))
        assert.isFalse(Backlog.isSettled(backlog, [returned("look"), returned("work of the application")]))
      })
    )
  )

  it.effect("an output for the caller is not a result", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const backlog = yield* Backlog.make
        Backlog.add(backlog, given({ _tag: "AgentSendText", text: "Still looking." }))
        assert.isFalse(Backlog.hasResult(backlog))
        assert.lengthOf(Backlog.take(backlog), 1)
        assert.strictEqual(backlog.unanswered.size, 0)
      })
    )
  )
})

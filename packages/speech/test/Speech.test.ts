import { assert, describe, it } from "@effect/vitest"
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Exit from "effect/Exit"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { final, heardText, play } from "./support/spokenCall.ts"

const clerk = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello there. How can I help you today?")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said ${Event.text(event)} Is that right?`))
  })
)

describe("Speech", () => {
  it.effect("a caller is greeted, speaks, and is answered", () =>
    Effect.gen(function* () {
      const { ending, events, line } = yield* play(clerk, {
        length: 12_000,
        speech: [{ fromMs: 4000, toMs: 5000 }],
        words: [final(5100, "A table for two.")]
      })
      assert.deepStrictEqual(ending, Exit.succeed("CallerLeft"))
      assert.deepStrictEqual(heardText(events), [
        "Hello there. How can I help you today?",
        "You said A table for two. Is that right?"
      ])
      assert.deepStrictEqual(line.stale, [])
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Event from "../../../src/Event.ts"
import type { Note } from "../../../src/internal/call/listener.ts"
import * as RecorderTap from "../../../src/internal/call/recorderTap.ts"
import { quietTurn } from "../../quietTurn.ts"

const listen = () => {
  const notes: Array<Note> = []
  return { notes, listener: { note: (note: Note) => void notes.push(note) } }
}

describe("the recorder tap", () => {
  it("without a listener, a turn is returned unchanged", () => {
    const turn = Effect.succeed(undefined)
    assert.strictEqual(RecorderTap.turn(undefined, 1, quietTurn.trigger)(turn), turn)
    RecorderTap.outputs(undefined, "Sent", [Event.sendText("a")], 1)
  })

  for (const [how, turn, outcome] of [
    ["ends", Effect.void, "Finished"],
    ["fails", Effect.fail("boom"), "Failed"],
    ["dies", Effect.die("boom"), "Failed"],
    ["is interrupted", Effect.interrupt, "Interrupted"]
  ] as const) {
    it.effect(`a turn that ${how} is noted when it starts and as ${outcome}, and keeps its result`, () =>
      Effect.gen(function* () {
        const { listener, notes } = listen()
        const self: Effect.Effect<void, string> = turn
        const noted = RecorderTap.turn(listener, 7, quietTurn.trigger)(self)
        assert.deepStrictEqual(notes, [])
        assert.deepStrictEqual((yield* Effect.exit(noted))._tag, (yield* Effect.exit(self))._tag)
        assert.deepStrictEqual(notes, [
          { _tag: "TurnStarted", turn: 7, trigger: "e1" },
          { _tag: "TurnEnded", turn: 7, outcome }
        ])
      })
    )
  }

  it("outputs are noted one by one, as sent or as kept", () => {
    const { listener, notes } = listen()
    const [a, b] = [Event.sendText("a"), Event.sendText("b")]
    RecorderTap.outputs(listener, "Sent", [a, b], 2)
    RecorderTap.outputs(listener, "Kept", [a], 3)
    assert.deepStrictEqual(notes, [
      { _tag: "Sent", turn: 2, output: a },
      { _tag: "Sent", turn: 2, output: b },
      { _tag: "Kept", turn: 3, output: a }
    ])
  })
})

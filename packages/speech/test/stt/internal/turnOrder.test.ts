import { assert, describe, it } from "@effect/vitest"
import * as TurnOrder from "../../../src/stt/internal/turnOrder.ts"
import type { Event } from "../../../src/SpeechToText.ts"
import { plain } from "../../contract/recogniser.ts"

const through = (...events: ReadonlyArray<Event>) => TurnOrder.make()(events).map(plain)

describe("the order of turns", () => {
  it("starts a turn the provider did not start, once", () => {
    assert.deepStrictEqual(through({ _tag: "Partial", text: "a" }, { _tag: "SpeechStarted" }), [
      "SpeechStarted",
      "Partial a"
    ])
  })

  it("takes back an eager end before other words, and before an end with other words", () => {
    const eager: Event = { _tag: "EagerEnd", text: "a" }
    assert.deepStrictEqual(through(eager, { _tag: "Partial", text: "a b" }).slice(1), [
      "EagerEnd a",
      "Resumed",
      "Partial a b"
    ])
    assert.deepStrictEqual(through(eager, { _tag: "TurnEnded", text: "a b" }).slice(1), [
      "EagerEnd a",
      "Resumed",
      "TurnEnded a b"
    ])
    assert.deepStrictEqual(through(eager, { _tag: "TurnEnded", text: "a" }).slice(1), ["EagerEnd a", "TurnEnded a"])
  })

  it("ignores the words of a turn that has ended, until another begins", () => {
    assert.deepStrictEqual(
      through(
        { _tag: "Partial", text: "A table" },
        { _tag: "TurnEnded", text: "A table for two." },
        { _tag: "Partial", text: "a table for" },
        { _tag: "EagerEnd", text: "A table for two" },
        { _tag: "TurnEnded", text: "A table for two." },
        { _tag: "Resumed" },
        { _tag: "SpeechStarted" },
        { _tag: "Partial", text: "a table" },
        { _tag: "TurnEnded", text: "A table." },
        { _tag: "Partial", text: "for two" }
      ),
      [
        "SpeechStarted",
        "Partial A table",
        "TurnEnded A table for two.",
        "SpeechStarted",
        "Partial a table",
        "TurnEnded A table.",
        "SpeechStarted",
        "Partial for two"
      ]
    )
  })

  it("reports nothing twice, and no empty turns", () => {
    assert.deepStrictEqual(
      through(
        { _tag: "SpeechStarted" },
        { _tag: "SpeechStarted" },
        { _tag: "Resumed" },
        { _tag: "Partial", text: "" },
        { _tag: "EagerEnd", text: "a" },
        { _tag: "EagerEnd", text: "a" },
        { _tag: "Resumed" },
        { _tag: "Resumed" },
        { _tag: "TurnEnded", text: "a" },
        { _tag: "TurnEnded", text: "" }
      ),
      ["SpeechStarted", "EagerEnd a", "Resumed", "TurnEnded a"]
    )
  })
})

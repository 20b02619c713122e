import { assert, describe, it } from "@effect/vitest"
import * as Tool from "effect/ai/Tool"
import * as ToolNames from "../../../../src/model/internal/rules/toolNames.ts"

describe("toolNames", () => {
  const names = [
    "weather",
    "get.weather now!",
    "get.weather_now!",
    "a".repeat(80),
    "a".repeat(81),
    "9lives",
    "déjà vu",
    "",
    "-x"
  ]

  it("are accepted everywhere, stay distinct, and come back unchanged", () => {
    const back = ToolNames.fromWire(names.map((name) => Tool.make(name)))
    const sent = names.map(ToolNames.toWire)
    for (const [at, name] of sent.entries()) {
      assert.match(name, /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/)
      assert.strictEqual(back(name), names[at])
    }
    assert.strictEqual(new Set(sent).size, names.length)
    assert.strictEqual(sent[0], "weather")
  })

  it("of tools that were not sent stay unchanged", () => {
    assert.strictEqual(ToolNames.fromWire([])("no_such_tool"), "no_such_tool")
  })
})

import { assert, describe, it } from "@effect/vitest"
import { isApart, PartWriter } from "../../../../src/model/internal/provider/partWriter.ts"
import type { Part } from "../../../../src/model/internal/provider/replyStream.ts"

const written = (write: (writer: PartWriter) => void): ReadonlyArray<string> => {
  const out: Array<Part> = []
  const writer = new PartWriter({
    reasoningMetadata: () => ({ maker: { n: 1 } }),
    toolName: (name) => name.toUpperCase()
  })
  writer.into(out)
  write(writer)
  return out.map((part) =>
    [part.type, "id" in part ? part.id : "", "delta" in part ? part.delta : "", "name" in part ? part.name : ""]
      .filter((field) => field !== "" && field !== undefined)
      .join(" ")
  )
}

describe("partWriter", () => {
  it("writes nothing before there is content", () => {
    assert.deepStrictEqual(
      written((writer) => {
        writer.describe({ id: "r" })
        writer.text("")
        writer.close()
      }),
      []
    )
  })

  it("describes the reply once, and keeps one block open at a time", () => {
    assert.deepStrictEqual(
      written((writer) => {
        writer.describe({ id: "r" })
        writer.reasoning("hm")
        writer.text("a")
        writer.text("b")
        writer.reasoning("so")
        writer.close()
      }),
      [
        "response-metadata r",
        "reasoning-start reasoning-0",
        "reasoning-delta reasoning-0 hm",
        "reasoning-end reasoning-0",
        "text-start text-1",
        "text-delta text-1 a",
        "text-delta text-1 b",
        "text-end text-1",
        "reasoning-start reasoning-2",
        "reasoning-delta reasoning-2 so",
        "reasoning-end reasoning-2"
      ]
    )
  })

  it("says which block of text is another message", () => {
    const out: Array<Part> = []
    const writer = new PartWriter()
    writer.into(out)
    writer.text("a")
    writer.close()
    writer.text("b")
    writer.close()
    writer.apart()
    writer.reasoning("hm")
    writer.text("c")
    writer.close()
    writer.text("d")
    const starts = out.filter(({ type }) => type === "text-start")
    assert.deepStrictEqual(
      starts.map(({ metadata }) => isApart(metadata)),
      [false, false, true, false]
    )
  })

  it("takes calls out of the tool that OpenAI's models believe to have for several", () => {
    const uses = [{ recipient_name: "functions.weather", parameters: { city: "Rome" } }, { recipient_name: "time" }]
    assert.deepStrictEqual(
      written((writer) => {
        for (const name of ["parallel", "multi_tool_use.parallel", "multi_tool_use_parallel"]) {
          writer.call("c", name, { tool_uses: uses })
        }
      }).slice(1),
      Array.from({ length: 3 }, () => ["tool-call c_0 WEATHER", "tool-call c_1 TIME"]).flat()
    )
    for (const params of [{}, { tool_uses: [] }, { tool_uses: [{}] }, { tool_uses: "x" }, { legs: 2 }]) {
      assert.deepStrictEqual(written((writer) => writer.call("c", "parallel", params)).slice(1), [
        "tool-call c PARALLEL"
      ])
    }
    assert.deepStrictEqual(written((writer) => writer.call("c", "other", { tool_uses: uses })).slice(1), [
      "tool-call c OTHER"
    ])
  })

  it("reports a call once, by the tool's own name, and each source once", () => {
    assert.deepStrictEqual(
      written((writer) => {
        writer.callStart("c", "f")
        writer.callStart("c", "f")
        writer.callDelta("c", "{}")
        writer.callDelta("other", "{}")
        writer.call("c", "f", {})
        writer.source("https://a.test/", "A")
        writer.source("https://a.test/", "A")
        writer.source("no address", "B")
      }),
      [
        "response-metadata",
        "tool-params-start c F",
        "tool-params-delta c {}",
        "tool-params-end c",
        "tool-call c F",
        "source source-1"
      ]
    )
  })

  it("writes undecided text before the block is closed", () => {
    assert.deepStrictEqual(
      written((writer) => {
        writer.text("2 <")
        writer.close()
      }).slice(1, -1),
      ["text-start text-0", "text-delta text-0 2 ", "text-delta text-0 <"]
    )
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as ParameterNames from "../../../src/tool/internal/parameterNames.ts"
import * as VoiceTool from "../../../src/tool/VoiceTool.ts"
import { test } from "../../support/virtualTest.ts"
import { run, shown } from "../calling.ts"

describe("parameterNames", () => {
  test("shows parameters under names that every provider accepts, and reads them under their own", function* () {
    const odata = {
      type: "object",
      properties: { $top: { type: "integer" }, _top: { type: "string" }, "filter[name]": {}, ["x".repeat(70)]: {} },
      required: ["$top", "filter[name]"]
    }
    const list = VoiceTool.dynamic("list", { parameters: odata }, (args) => Effect.succeed(args))
    assert.deepStrictEqual(shown(list).parameters, {
      type: "object",
      properties: { _top: { type: "string" }, _top_2: { type: "integer" }, filter_name_: {}, ["x".repeat(64)]: {} },
      required: ["_top_2", "filter_name_"]
    })
    const { values } = yield* run(list, { _top: "a", _top_2: 5, filter_name_: "Ann", other: 1 })
    assert.deepStrictEqual(values, [{ _top: "a", $top: 5, "filter[name]": "Ann", other: 1 }])
    const find = VoiceTool.loopback("find", { parameters: { $top: Schema.Int } }, ({ $top }) => Effect.succeed($top))
    assert.deepStrictEqual((yield* run(find, { _top: "3" })).values, [3])
  })

  it("leaves names alone that every provider accepts", () => {
    assert.isUndefined(ParameterNames.make({ type: "object", properties: { a: {}, "b.c-d_1": {} } }))
    assert.isUndefined(ParameterNames.make({ type: "object" }))
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Models from "../../../src/model/Models.ts"
import { searchesNatively } from "../../../src/model/internal/searchesNatively.ts"

describe("searchesNatively", () => {
  it("knows which models search the web themselves", () => {
    const searches = (name: string) => searchesNatively(Models.parse(name))
    assert.isTrue(searches("anthropic/claude-haiku-4-5"))
    assert.isTrue(searches("openrouter/x/y"))
    assert.isTrue(searches("openai/gpt-4o-search-preview"))
    assert.isFalse(searches("openai/gpt-4.1"))
    assert.isFalse(searches("groq/x"))
    assert.isFalse(searches("acme/x"))
  })
})

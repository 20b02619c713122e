import { assert, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"

/** Modules of SDKs that a program loads, in its own process. */
const sdks = (body: string): ReadonlyArray<string> => {
  const program = `
    import { registerHooks } from "node:module"
    const found = new Set()
    registerHooks({
      resolve: (specifier, context, next) => {
        if (/^(openai|@anthropic-ai)\\b/.test(specifier)) found.add(specifier)
        return next(specifier, context)
      }
    })
    ${body}
    console.log(JSON.stringify([...found]))`
  const args = ["--conditions=antiphon-source", "--input-type=module", "--eval", program]
  return JSON.parse(execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" }))
}

/** Makes the Layer of a model without asking it anything. */
const made = (name: string) => `
    const { Models } = await import("@antiphon/llm")
    const { Effect, Layer, Redacted } = await import("effect")
    const layer = Models.fromString(${JSON.stringify(name)}, { apiKey: Redacted.make("key") })
    await Effect.runPromise(Effect.scoped(Layer.build(layer)))`

it("neither the package nor its list of tools loads a provider's SDK", { timeout: 60_000 }, () => {
  assert.deepStrictEqual(sdks(`await import("@antiphon/llm")`), [])
  assert.deepStrictEqual(sdks(`await import("@antiphon/llm/tools")`), [])
})

it("the Layer of a model loads its provider's SDK and no other", { timeout: 60_000 }, () => {
  assert.deepStrictEqual(sdks(made("openai/gpt-4.1-mini")), ["openai"])
  assert.deepStrictEqual(sdks(made("openai/gpt-5")), ["openai"])
  assert.deepStrictEqual(sdks(made("anthropic/claude-haiku-4-5")), ["@anthropic-ai/sdk"])
})

import { assert, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"

/** Modules of SDKs that are loaded with a module of this package, in a process of its own. */
const sdks = (module: string): ReadonlyArray<string> => {
  const program = `
    import { registerHooks } from "node:module"
    const found = new Set()
    registerHooks({
      resolve: (specifier, context, next) => {
        if (/^(openai|@anthropic-ai)\\b/.test(specifier)) found.add(specifier)
        return next(specifier, context)
      }
    })
    await import(${JSON.stringify(module)})
    console.log(JSON.stringify([...found]))`
  const args = ["--conditions=antiphon-source", "--input-type=module", "--eval", program]
  return JSON.parse(execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" }))
}

it("the list of tools loads no SDK of a provider", { timeout: 60_000 }, () => {
  assert.isNotEmpty(sdks("@antiphon/llm/model/OpenAi"))
  assert.deepStrictEqual(sdks("@antiphon/llm/tools"), [])
  assert.deepStrictEqual(sdks("@antiphon/llm/agent/LlmAgent"), [])
})

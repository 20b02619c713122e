/** Two processes under a supervisor, seen as one. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { example, freePort, get, talk, until } from "./running.ts"

describe("operate/processes.ts", () => {
  it.live("shows the metrics of all processes on one page, with the names the dashboard uses", () =>
    Effect.gen(function* () {
      const admin = yield* freePort
      const server = yield* example("operate/processes.ts", {
        ANTIPHON_PROCESSES: "2",
        ANTIPHON_ADMIN_PORT: String(admin)
      })
      yield* talk(server.ws, "one")
      yield* talk(server.ws, "two")
      const page = yield* until(
        () => get(`http://127.0.0.1:${admin}/metrics`),
        ({ text }) => text.includes("antiphon_ready 2\n")
      )
      assert.include(page.text, "antiphon_calls_open 2\n")
      assert.match(page.text, /^antiphon_first_word_seconds_count 2$/m)
      assert.deepStrictEqual(yield* server.stop, [0, null])
    })
  )
})

import { assert, describe, it } from "@effect/vitest"
import * as Screen from "../../src/internal/screen.ts"

const stream = (isTTY: boolean) => {
  const written: Array<string> = []
  return { isTTY, written, write: (text: string) => written.push(text) }
}

describe("A progress line", () => {
  it("is redrawn in place on a terminal, and erased at the end", () => {
    const terminal = stream(true)
    const line = Screen.liveLine(terminal)
    line.draw("1 of 2")
    line.draw("2 of 2")
    line.clear()
    assert.deepStrictEqual(terminal.written, ["\r\u001B[2K1 of 2", "\r\u001B[2K2 of 2", "\r\u001B[2K"])
  })

  it("is a new line each time in the log of a build, and rare", () => {
    const log = stream(false)
    const line = Screen.liveLine(log)
    line.draw("1 of 2")
    line.clear()
    assert.deepStrictEqual(log.written, ["1 of 2\n"])
    assert.isAtLeast(line.every, 50 * Screen.liveLine(stream(true)).every)
  })

  it("has a bar filled in proportion", () => {
    assert.deepStrictEqual(
      [0, 0.5, 1, 2].map((share) => Screen.bar(share, 4)),
      ["░░░░", "██░░", "████", "████"]
    )
  })
})

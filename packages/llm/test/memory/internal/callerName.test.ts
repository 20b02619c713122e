import { assert, describe, it } from "@effect/vitest"
import * as CallerName from "../../../src/memory/internal/callerName.ts"

describe("callerName", () => {
  for (const [what, name] of [
    ["nothing", ""],
    ["spaces", "  "],
    ["another type", 42],
    ["a NUL", "a\0b"],
    ["half of a character", "a\ud83d"],
    ["more than a database keeps", "a".repeat(301)],
    ["a word", "Restricted"],
    ["several words", "No Caller ID"],
    ["zeros", "+0000000"],
    ["a word on a keypad", "+266696687"],
    ["another word on a keypad", "+86282452253"],
    ["SIP's anonymous", '"Anonymous" <sip:anonymous@anonymous.invalid>'],
    ["a word at a host", "sips:restricted@10.0.0.1;user=phone"],
    ["a harness without numbers", "websocket"]
  ] as const) {
    it(`${what} is nobody's name`, () => assert.isUndefined(CallerName.of(name)))
  }

  for (const name of [
    "+14155550100",
    "0041 44 555 01 00",
    "guest-7",
    "alice@example.com",
    "<sip:+14155550100@carrier.test>"
  ]) {
    it(`${name} is a name`, () => assert.strictEqual(CallerName.of(` ${name} `), name))
  }
})

import { assert, describe, it } from "@effect/vitest"
import * as Breaker from "../../../../src/model/internal/plan/breaker.ts"

const policy: Breaker.Policy = { failures: 3, window: 1000, cooldown: 500 }
const fail = (breaker: Breaker.Breaker, now: number, admission: Breaker.Admission = "Closed") =>
  Breaker.failed(breaker, admission, now, policy, now)
const opened = [0, 10, 20].reduce((breaker, now) => fail(breaker, now), Breaker.closed)
const admission = (breaker: Breaker.Breaker, now: number) => Breaker.admit(breaker, now, policy)[0]

describe("breaker", () => {
  it("admits requests until there were too many failures", () => {
    assert.strictEqual(admission(fail(fail(Breaker.closed, 0), 10), 10), "Closed")
    assert.strictEqual(admission(opened, 20), "Skip")
  })

  it("forgets failures that are older than the window", () => {
    const breaker = [0, 600, 1000].reduce((breaker, now) => fail(breaker, now), Breaker.closed)
    assert.deepStrictEqual(breaker, { _tag: "Closed", failures: [600, 1000] })
  })

  it("stays open for the cooldown, then admits one trial", () => {
    assert.strictEqual(admission(opened, 519), "Skip")
    const [trial, during] = Breaker.admit(opened, 520, policy)
    assert.strictEqual(trial, "Trial")
    assert.strictEqual(admission(during, 520), "Skip")
  })

  it("admits another trial if the first has no verdict after the cooldown", () => {
    const [, during] = Breaker.admit(opened, 520, policy)
    assert.strictEqual(admission(during, 1019), "Skip")
    assert.strictEqual(admission(during, 1020), "Trial")
  })

  it("opens again when the trial fails", () => {
    const [, during] = Breaker.admit(opened, 520, policy)
    const after = fail(during, 700, "Trial")
    assert.strictEqual(admission(after, 1199), "Skip")
    assert.strictEqual(admission(after, 1200), "Trial")
  })

  it("makes the next request the trial if one was abandoned", () => {
    const [, during] = Breaker.admit(opened, 520, policy)
    assert.strictEqual(admission(Breaker.released(during, "Trial", 530), 530), "Trial")
  })

  it("ignores requests from before it opened", () => {
    assert.deepStrictEqual(fail(opened, 400), opened)
    assert.deepStrictEqual(Breaker.released(opened, "Closed", 400), opened)
  })

  it("leaves a provider alone for as long as it asks, even after its first failure", () => {
    const breaker = Breaker.failed(Breaker.closed, "Closed", 100, policy, 900)
    assert.strictEqual(admission(breaker, 899), "Skip")
    assert.strictEqual(admission(breaker, 900), "Trial")
  })

  it("never shortens the time for which it is open", () => {
    const long = Breaker.failed(Breaker.closed, "Closed", 0, policy, 5000)
    assert.deepStrictEqual(Breaker.failed(long, "Closed", 10, policy, 300), long)
    const [, during] = Breaker.admit(opened, 520, policy)
    assert.deepStrictEqual(Breaker.failed(during, "Trial", 530, policy, 540), { _tag: "Open", until: 1030 })
  })
})

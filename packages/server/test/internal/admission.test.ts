import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as Admission from "../../src/internal/admission.ts"

const open: Admission.Rules = { token: undefined, nextToken: undefined, hosts: [], allowedOrigins: [] }
const status = (headers: Record<string, string>, rules: Partial<Admission.Rules> = {}) =>
  Admission.refusal({ headers }, { ...open, ...rules })?.status

describe("Admission without a token", () => {
  it("accepts names and addresses of this machine, and no name a stranger may have pointed here", () => {
    for (const host of [
      "localhost",
      "localhost:8000",
      "agent.localhost",
      "127.0.0.1:8000",
      "[::1]:8000",
      "10.0.0.7",
      "agent:8000"
    ]) {
      assert.isUndefined(status({ host }), host)
    }
    for (const host of [
      "evil.example",
      "evil.example:8000",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "evil.example.",
      "",
      "a b",
      "evil@localhost",
      "localhost@evil.example",
      "localhost/evil",
      "localhost\\evil.example",
      "localhost?evil",
      "localhost#evil",
      "localhost, evil.example",
      "evil.example, localhost",
      "localhost:80:90",
      "evil。example",
      "evil%2eexample"
    ]) {
      assert.strictEqual(status({ host }), 403, host)
      assert.strictEqual(status({ host, origin: `http://${host}` }), 403, host)
    }
    assert.strictEqual(status({}), 403)
  })

  it("accepts the listed names, or any name", () => {
    const hosts = ["Agent.example", "other.example:81"]
    assert.isUndefined(status({ host: "agent.example" }, { hosts }))
    assert.isUndefined(status({ host: "agent.example:8000" }, { hosts }))
    assert.isUndefined(status({ host: "other.example:81" }, { hosts }))
    assert.strictEqual(status({ host: "other.example:82" }, { hosts }), 403)
    assert.isUndefined(status({ host: "any.example" }, { hosts: ["*"] }))
  })

  it("accepts a page of its own origin, over HTTP and HTTPS only", () => {
    const host = "localhost:8000"
    assert.isUndefined(status({ host, origin: "http://localhost:8000" }))
    assert.isUndefined(status({ host, origin: "https://localhost:8000" }))
    for (const origin of ["ftp://localhost:8000", "ws://localhost:8000", "http://localhost:8001", "null", ""]) {
      assert.strictEqual(status({ host, origin }), 403, origin)
    }
  })
})

describe("Admission with tokens", () => {
  const token = Redacted.make("old-token")
  const nextToken = Redacted.make("new-token")
  const bearer = (text: string) => ({ host: "agent.example", authorization: `Bearer ${text}` })

  it("accepts either of two, so that tokens can be rotated", () => {
    for (const rules of [
      { token, nextToken },
      { token: nextToken, nextToken: token }
    ]) {
      assert.isUndefined(status(bearer("old-token"), rules))
      assert.isUndefined(status(bearer("new-token"), rules))
      assert.strictEqual(status(bearer("no-token"), rules), 401)
      assert.strictEqual(status({ host: "agent.example" }, rules), 401)
    }
    assert.strictEqual(status(bearer("old-token"), { nextToken }), 401)
    assert.isUndefined(status(bearer("new-token"), { nextToken }))
  })

  it("ignores the host name of a request with the token", () => {
    assert.isUndefined(status(bearer("old-token"), { token }))
  })
})

import { assert, describe, it } from "@effect/vitest"
import * as Ticket from "../../src/internal/ticket.ts"

const now = 1_800_000_000_000

describe("Ticket", () => {
  it("is valid for the call it was issued for", () => {
    const tickets = Ticket.make("secret")
    const read = tickets.read(tickets.issue("c1", now), now + 1000)
    assert.isTrue(read?.fits("c1"))
    assert.isFalse(read?.fits("c2"))
    assert.strictEqual(read?.until, now + Ticket.lifeMs)
    assert.notStrictEqual(tickets.read(tickets.issue("c1", now), now)?.id, read?.id)
  })

  it("expires", () => {
    const tickets = Ticket.make("secret")
    assert.isDefined(tickets.read(tickets.issue("c1", now), now + Ticket.lifeMs - 1))
    assert.isUndefined(tickets.read(tickets.issue("c1", now), now + Ticket.lifeMs))
  })

  it("is valid in every process that has the secret, and in no other", () => {
    const ticket = Ticket.make("secret").issue("c1", now)
    assert.isDefined(Ticket.make("secret").read(ticket, now))
    assert.isUndefined(Ticket.make("other").read(ticket, now))
    assert.isUndefined(Ticket.make(undefined).read(ticket, now))
    const random = Ticket.make(undefined)
    assert.isDefined(random.read(random.issue("c1", now), now))
  })

  it("is invalid if anything in it was changed", () => {
    const tickets = Ticket.make("secret")
    const ticket = tickets.issue("c1", now)
    for (let i = 0; i < ticket.length; i++) {
      const changed = ticket.slice(0, i) + (ticket[i] === "x" ? "y" : "x") + ticket.slice(i + 1)
      assert.isUndefined(tickets.read(changed, now), changed)
    }
    for (const wrong of ["", ".", "...", `${ticket}.`, ticket.slice(0, -1), `${ticket}x`, `x${ticket}`]) {
      assert.isUndefined(tickets.read(wrong, now), wrong)
    }
    assert.isDefined(tickets.read(ticket, now))
  })
})

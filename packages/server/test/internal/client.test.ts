import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Client from "../../src/internal/client.ts"

const from = (address: string | undefined, forwarded?: string) => ({
  remoteAddress: Option.fromNullishOr(address),
  headers: (forwarded === undefined ? {} : { "x-forwarded-for": forwarded }) as never
})

describe("Client", () => {
  it("is the address of the connection, whatever a header says", () => {
    const name = Client.namer([])
    assert.strictEqual(name(from("203.0.113.7")), "203.0.113.7")
    assert.strictEqual(name(from("203.0.113.7", "1.2.3.4")), "203.0.113.7")
    assert.strictEqual(name(from("::ffff:203.0.113.7")), "203.0.113.7")
    assert.strictEqual(name(from(undefined)), "unknown")
  })

  it("is a whole IPv6 network, since one peer owns all of it", () => {
    const name = Client.namer([])
    const one = name(from("2001:db8:1:2:3:4:5:6"))
    assert.strictEqual(one, "2001:db8:1:2::/64")
    for (const same of ["2001:db8:1:2::1", "2001:0DB8:1:2:ffff::", "2001:db8:1:2::"]) {
      assert.strictEqual(name(from(same)), one, same)
    }
    assert.notStrictEqual(name(from("2001:db8:1:3::1")), one)
    assert.strictEqual(name(from("2001:db8::1")), "2001:db8:0:0::/64")
    assert.strictEqual(name(from("::1")), "0:0:0:0::/64")
    assert.strictEqual(name(from("fe80::1%eth0")), "fe80:0:0:0::/64")
  })

  it("is what a trusted proxy reports: the last address that is not such a proxy", () => {
    const name = Client.namer(["10.0.0.0/8", "127.0.0.1", "fd00::/8"])
    assert.strictEqual(name(from("10.1.2.3", "203.0.113.7")), "203.0.113.7")
    // The caller may have written the front of the list.
    assert.strictEqual(name(from("10.1.2.3", "1.1.1.1, 203.0.113.7")), "203.0.113.7")
    assert.strictEqual(name(from("127.0.0.1", "1.1.1.1, 203.0.113.7 , 10.9.9.9")), "203.0.113.7")
    assert.strictEqual(name(from("fd00::1", "[2001:db8:1:2::1]:4711")), "2001:db8:1:2::/64")
    assert.strictEqual(name(from("10.1.2.3", "203.0.113.7:1234")), "203.0.113.7")
    // Something that is not an address hides nobody.
    assert.strictEqual(name(from("10.1.2.3", "1.1.1.1, unknown")), "10.1.2.3")
    assert.strictEqual(name(from("10.1.2.3")), "10.1.2.3")
    assert.strictEqual(name(from("203.0.113.7", "1.1.1.1")), "203.0.113.7")
  })
})

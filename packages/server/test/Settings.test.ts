import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Redacted, Result } from "effect"
import { readFileSync } from "node:fs"
import * as Settings from "../src/Settings.ts"

const load = (env: Record<string, string>, overrides?: Settings.Overrides) =>
  Effect.provideService(Settings.load(overrides), ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))

interface Row {
  readonly name: string
  readonly byDefault: unknown
  /** Texts of the environment and what they mean. */
  readonly good: ReadonlyArray<readonly [string, unknown]>
  readonly bad: ReadonlyArray<string>
}

const times = {
  good: [
    ["250 millis", 250],
    ["2 minutes", 120_000],
    ["0 seconds", 0]
  ],
  bad: ["soon", "5", "-5 seconds"]
} as const

/** A number that may be 0, meaning no limit. */
const limit = (name: string, byDefault: number): Row => ({
  name,
  byDefault,
  good: [
    ["0", 0],
    ["50", 50]
  ],
  bad: ["-1", "1.5", "many"]
})

const flag = (name: string): Row => ({
  name,
  byDefault: false,
  good: [
    ["true", true],
    ["false", false]
  ],
  bad: ["perhaps"]
})

// One row per setting: a new one does not compile until it has a row here.
const table: { readonly [Name in keyof Settings.Settings]: Row } = {
  port: {
    name: "PORT",
    byDefault: 8000,
    good: [
      ["0", 0],
      ["3000", 3000],
      ["65535", 65535]
    ],
    bad: ["-1", "65536", "80.5", "http"]
  },
  host: {
    name: "HOST",
    byDefault: "",
    good: [
      ["127.0.0.1", "127.0.0.1"],
      [" [::1] ", "::1"],
      ["::", "::"]
    ],
    bad: []
  },
  maxCalls: { name: "ANTIPHON_MAX_CALLS", byDefault: 1000, good: [["1", 1]], bad: ["0", "-1", "1.5", "many"] },
  maxOpenings: {
    name: "ANTIPHON_MAX_OPENINGS",
    byDefault: 100,
    good: [["1", 1]],
    bad: ["0", "many"]
  },
  maxCallsPerSecond: limit("ANTIPHON_MAX_CALLS_PER_SECOND", 200),
  maxCallsPerClient: limit("ANTIPHON_MAX_CALLS_PER_CLIENT", 0),
  maxOpeningsPerClient: limit("ANTIPHON_MAX_OPENINGS_PER_CLIENT", 0),
  maxBytesPerSecondPerClient: limit("ANTIPHON_MAX_BYTES_PER_SECOND_PER_CLIENT", 0),
  trustedProxies: {
    name: "ANTIPHON_TRUSTED_PROXIES",
    byDefault: [],
    good: [
      ["10.0.0.0/8, ::1", ["10.0.0.0/8", "::1"]],
      [" ", []]
    ],
    bad: ["proxy", "10.0.0.0/33", "10.0.0.0/8/8", "::/200", "10.0.0.0/"]
  },
  maxHistoryBytes: limit("ANTIPHON_MAX_HISTORY_BYTES", 67_108_864),
  maxCallDuration: { name: "ANTIPHON_MAX_CALL_DURATION", byDefault: 4 * 3_600_000, ...times },
  maxTurns: limit("ANTIPHON_MAX_TURNS", 5000),
  goodbye: {
    name: "ANTIPHON_GOODBYE",
    byDefault: "I have to end our call now. Goodbye!",
    good: [["Bye.", "Bye."]],
    bad: []
  },
  maxHeapPercent: { ...limit("ANTIPHON_MAX_HEAP_PERCENT", 85), good: [["50", 50]], bad: ["100", "-1", "half"] },
  openingTimeout: { name: "ANTIPHON_OPENING_TIMEOUT", byDefault: 8000, ...times },
  nextToken: {
    name: "ANTIPHON_TOKEN_NEXT",
    byDefault: undefined,
    good: [
      ["s3cret", "s3cret"],
      [" s3 cret\r\n", "s3 cret"]
    ],
    bad: ["", " "]
  },
  hosts: {
    name: "ANTIPHON_HOSTS",
    byDefault: [],
    good: [["agent.example, b.example:81", ["agent.example", "b.example:81"]]],
    bad: []
  },
  bindCalls: { ...flag("ANTIPHON_BIND_CALLS") },
  ticketSecret: { name: "ANTIPHON_TICKET_SECRET", byDefault: undefined, good: [["s3cret", "s3cret"]], bad: ["", " "] },
  mustRecord: { ...flag("ANTIPHON_MUST_RECORD") },
  recordMaxAge: { name: "ANTIPHON_RECORD_MAX_AGE", byDefault: 0, ...times },
  recordMaxBytes: limit("ANTIPHON_RECORD_MAX_BYTES", 0),
  maxFrameBytes: {
    name: "ANTIPHON_MAX_FRAME_BYTES",
    byDefault: 262_144,
    good: [["65536", 65536]],
    bad: ["0", "-1", "1 MiB"]
  },
  maxFramesPerSecond: {
    name: "ANTIPHON_MAX_FRAMES_PER_SECOND",
    byDefault: 1000,
    good: [
      ["0", 0],
      ["50", 50]
    ],
    bad: ["-1", "fast"]
  },
  maxBytesPerSecond: {
    name: "ANTIPHON_MAX_BYTES_PER_SECOND",
    byDefault: 262_144,
    good: [["0", 0]],
    bad: ["-1", "1 MiB"]
  },
  maxCallBytes: {
    name: "ANTIPHON_MAX_CALL_BYTES",
    byDefault: 67_108_864,
    good: [["0", 0]],
    bad: ["-1", "1 MiB"]
  },
  maxBufferedBytes: {
    name: "ANTIPHON_MAX_BUFFERED_BYTES",
    byDefault: 1_048_576,
    good: [["0", 0]],
    bad: ["-1", "Infinity"]
  },
  startTimeout: { name: "ANTIPHON_START_TIMEOUT", byDefault: 10_000, ...times },
  idleTimeout: { name: "ANTIPHON_IDLE_TIMEOUT", byDefault: 600_000, ...times },
  leaseTimeout: { name: "ANTIPHON_LEASE_TIMEOUT", byDefault: 120_000, ...times },
  stallTimeout: { name: "ANTIPHON_STALL_TIMEOUT", byDefault: 10_000, ...times },
  drainTimeout: { name: "ANTIPHON_DRAIN_TIMEOUT", byDefault: 30_000, ...times },
  token: { name: "ANTIPHON_TOKEN", byDefault: undefined, good: [["s3cret", "s3cret"]], bad: ["", " "] },
  allowedOrigins: {
    name: "ANTIPHON_ALLOWED_ORIGINS",
    byDefault: [],
    good: [
      ["https://a.example", ["https://a.example"]],
      [" https://a.example , ,http://b.example:81", ["https://a.example", "http://b.example:81"]],
      ["*", ["*"]]
    ],
    bad: []
  },
  exposeErrors: {
    name: "ANTIPHON_EXPOSE_ERRORS",
    byDefault: false,
    good: [
      ["true", true],
      ["false", false]
    ],
    bad: ["perhaps"]
  },
  onUncaught: {
    name: "ANTIPHON_ON_UNCAUGHT",
    byDefault: "drain",
    good: [
      ["stop", "stop"],
      ["continue", "continue"]
    ],
    bad: ["ignore"]
  },
  blockWarning: { name: "ANTIPHON_BLOCK_WARNING", byDefault: 1000, ...times },
  blockLimit: { name: "ANTIPHON_BLOCK_LIMIT", byDefault: 10_000, ...times },
  recordAudio: {
    name: "ANTIPHON_RECORD_AUDIO",
    byDefault: false,
    good: [
      ["true", true],
      ["false", false]
    ],
    bad: ["maybe"]
  },
  recordDir: {
    name: "ANTIPHON_RECORD_DIR",
    byDefault: undefined,
    good: [
      [" /var/calls ", "/var/calls"],
      [" ", undefined]
    ],
    bad: []
  }
}
const keys = Object.keys(table) as ReadonlyArray<keyof Settings.Settings>

/** A setting in the notation of the rows: times in milliseconds, secrets in the clear. */
const plain = (value: unknown): unknown =>
  Duration.isDuration(value) ? Duration.toMillis(value) : Redacted.isRedacted(value) ? Redacted.value(value) : value

describe("Settings", () => {
  it.effect("has its documented defaults in an empty environment", () =>
    Effect.gen(function* () {
      const settings = yield* load({})
      for (const key of keys) assert.deepStrictEqual(plain(settings[key]), table[key].byDefault, key)
    })
  )

  for (const key of keys) {
    const { bad, good, name } = table[key]
    it.effect(`reads ${key} from ${name}`, () =>
      Effect.gen(function* () {
        for (const [text, value] of good) {
          assert.deepStrictEqual(plain((yield* load({ [name]: text }))[key]), value, text)
        }
        for (const text of bad) {
          const result = yield* Effect.result(load({ [name]: text }))
          assert.isTrue(Result.isFailure(result), `${name}=${text} was taken`)
          if (Result.isFailure(result)) assert.include(result.failure.message, `"${name}"`)
        }
      })
    )
  }

  it.effect("prefers values given in code to the environment, setting by setting", () =>
    Effect.gen(function* () {
      const settings = yield* load(
        { PORT: "3000", ANTIPHON_MAX_CALLS: "5", ANTIPHON_TOKEN: "t" },
        { port: 0, token: undefined }
      )
      assert.strictEqual(settings.port, 0)
      assert.strictEqual(settings.maxCalls, 5)
      assert.isUndefined(settings.token)
    })
  )

  it.effect("accepts a server without a token, even beside a variable of a similar name, or if the code says so", () =>
    Effect.gen(function* () {
      assert.isUndefined((yield* load({ ANTIPHON_TOKEN_FILE: "/run/token" })).token)
      assert.isUndefined((yield* load({ ANTIPHON_TOKEN: "" }, { token: undefined })).token)
    })
  )

  it.effect("never shows the token", () =>
    Effect.gen(function* () {
      const settings = yield* load({ ANTIPHON_TOKEN: "s3cret" })
      assert.notInclude(`${JSON.stringify(settings)} ${String(settings.token)}`, "s3cret")
    })
  )

  it("are all documented with their defaults", () => {
    const page = readFileSync(new URL("../../../docs/settings.md", import.meta.url), "utf8")
    const written = (value: unknown): string | undefined =>
      typeof value === "boolean" || typeof value === "number" ? String(value) : undefined
    for (const key of keys) {
      const { byDefault, name } = table[key]
      const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` `)) ?? ""
      assert.notStrictEqual(row, "", `${name} is not in docs/settings.md`)
      const [, , shown = ""] = row.split("|").map((cell) => cell.trim().replaceAll("`", ""))
      const [, count, unit] = /^(\d+) (second|minute|hour)s?$/.exec(shown) ?? []
      const millis =
        unit === undefined ? undefined : Number(count) * { second: 1, minute: 60, hour: 3600 }[unit]! * 1000
      const expected = written(byDefault)
      if (expected !== undefined) assert.strictEqual(String(millis ?? shown), expected, name)
    }
  })
})

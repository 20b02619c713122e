import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { type Cause, ConfigProvider, Effect, Layer, Queue, References, Schedule, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import WebSocket from "ws"
import * as Assistant from "../src/Assistant.ts"

type Script = object

interface Provider {
  readonly url: string
  readonly requests: ReadonlyArray<{ readonly path: string; readonly body: unknown }>
  readonly script: (...scripts: ReadonlyArray<Script>) => void
}

// The servers of the tests of @antiphon/llm, loaded by name: their files are none of this TypeScript project.
const support = (name: string) => import(new URL(`../../llm/test/support/${name}.ts`, import.meta.url).href)
const MockServer: { readonly make: Effect.Effect<Provider, never, Scope.Scope> } = await support("mockServer")
const OpenAiServer: {
  readonly head: string
  readonly chunk: (delta: object) => string
  readonly text: (...texts: ReadonlyArray<string>) => Script
  readonly reply: (deltas: ReadonlyArray<object>, finishReason: string) => Script
} = await support("openAiServer")
const AnthropicServer: {
  readonly text: (...texts: ReadonlyArray<string>) => Script
  readonly failure: (status: number, type: string) => Script
} = await support("anthropicServer")

const settle = Effect.repeat(Effect.yieldNow, { times: 100 })

/** A call with the assistant: what it says and does, and a caller whose words are heard at once. */
const dial = (name: string) =>
  Effect.gen(function* () {
    const reports = yield* Queue.unbounded<Event.Report, Cause.Done>()
    let outputs: Array<Event.Output> = []
    const spec = yield* Assistant.make(name)(CallRequest.make())
    yield* Call.run(spec, Stream.fromQueue(reports)).pipe(
      Stream.runForEach((output) => Effect.sync(() => outputs.push(output))),
      Effect.forkScoped
    )
    const report = (...all: ReadonlyArray<Event.Report>) => Effect.andThen(Queue.offerAll(reports, all), settle)
    const text = () => outputs.map((output) => (output._tag === "AgentSendText" ? output.text : "")).join("")
    const take = () => {
      const taken = { text: text(), tools: outputs.flatMap(toolLine), tags: outputs.map(({ _tag }) => _tag) }
      outputs = []
      return taken
    }
    const ask = (content: string) =>
      report({ _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content }, { _tag: "UserTurnEnded" })
    const speak = (content: string) =>
      report({ _tag: "AgentTurnStarted" }, { _tag: "AgentTextSent", content }, { _tag: "AgentTurnEnded" })
    yield* settle
    return { report, ask, speak, take, text }
  })

const toolLine = (output: Event.Output): ReadonlyArray<string> =>
  output._tag === "AgentToolCalled"
    ? [`${output.toolName}?`]
    : output._tag === "AgentToolReturned"
      ? [`${output.toolName} = ${String(output.result)}`]
      : []

/** Lets time pass, a word of speech at a time. */
const pass = (seconds: number) =>
  Effect.repeat(Effect.andThen(TestClock.adjust("40 millis"), Effect.repeat(Effect.yieldNow, { times: 20 })), {
    times: seconds * 25 - 1
  })

/** A call with the demo model whose introduction was heard, and a way to ask and have the whole answer heard. */
const greeted = Effect.gen(function* () {
  yield* TestClock.adjust(0)
  const call = yield* dial(Assistant.demo)
  yield* call.speak(call.take().text)
  const answer = (content: string) =>
    Effect.gen(function* () {
      yield* call.ask(content)
      yield* pass(3)
      const taken = call.take()
      yield* call.speak(taken.text)
      return taken
    })
  return { ...call, answer }
})

const withDemo = Effect.provide(Assistant.model(Assistant.demo))

describe("Assistant with the demo model", () => {
  it.effect("says by which model it speaks, and what to ask for", () =>
    Effect.gen(function* () {
      const demo = yield* dial(Assistant.demo)
      assert.match(demo.take().text, /its own demo model.*look something up.*specialist.*story/)
      const named = yield* dial("openrouter/anthropic/claude-x")
      assert.match(named.take().text, /the model claude-x\./)
    }).pipe(withDemo, Effect.scoped)
  )

  it.effect("tells the time by a tool", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      const { text, tools } = yield* call.answer("what time is it?")
      assert.match(text, /^Let me see\.The tool “current time” says: 1970-01-01 00:00 UTC\.$/)
      assert.deepStrictEqual(tools, ["current_time?", "current_time = 1970-01-01 00:00 UTC"])
    }).pipe(withDemo, Effect.scoped)
  )

  it.effect("looks something up while the talk goes on, and tells it by itself", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      const asked = yield* call.answer("look up the eels")
      assert.match(asked.text, /^I am looking up the eels\./)
      assert.deepStrictEqual(asked.tools, ["look_up?"])
      const meanwhile = yield* call.answer("thank you")
      assert.match(meanwhile.text, /^You are welcome\./)
      yield* pass(4)
      const { text, tools } = call.take()
      assert.deepStrictEqual(
        [...meanwhile.tools, ...tools],
        ["look_up = This demo asks nobody, so the answer about the eels is forty-two."]
      )
      assert.match(meanwhile.text + text, /“look up” says: This demo asks nobody, .* the eels is forty-two\.$/)
    }).pipe(withDemo, Effect.scoped)
  )

  it.effect("hands over to a specialist, who gives the call back", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      const handed = yield* call.answer("a specialist, please")
      assert.match(handed.text, /^One moment, I hand you over\. ?Hello, this is the specialist for tides\./)
      assert.deepStrictEqual(handed.tools, ["transfer_to_specialist?", "transfer_to_specialist = success"])
      const there = yield* call.answer("help")
      assert.match(there.text, /I have hand back, current time and end call/)
      const back = yield* call.answer("please go back")
      assert.match(back.text, /^I am with you again/)
      assert.deepStrictEqual(back.tools, ["hand_back?", "hand_back = success"])
      const here = yield* call.answer("help")
      assert.match(here.text, /I have look up, current time, transfer to specialist, send dtmf and end call/)
    }).pipe(withDemo, Effect.scoped)
  )

  it.effect("stops when the caller speaks, and goes on with the story where it was heard", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.ask("tell me a story")
      yield* pass(1)
      yield* call.report({ _tag: "AgentTurnStarted" })
      yield* call.report({
        _tag: "AgentTextSent",
        content: "Here is a long story. Interrupt me whenever you like. Two choirs lived on two"
      })
      yield* call.report({ _tag: "UserTurnStarted" })
      call.take()
      yield* pass(3)
      assert.deepStrictEqual(call.take().tags, [])
      const { text } = yield* call.answer("go on")
      assert.match(text, /^I go on behind the last word that you heard\. hills with a river between them\./)
    }).pipe(withDemo, Effect.scoped)
  )

  it.effect("answers a key as it is pressed, and once", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.report({ _tag: "UserDtmfSent", button: "1" })
      yield* pass(3)
      assert.match(call.take().text, /^You pressed 1\./)
      yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserDtmfSent", button: "5" }, { _tag: "UserTurnEnded" })
      yield* pass(3)
      assert.match(call.take().text, /^You pressed 5\. I have no menu, so just tell me what you want\.$/)
      const { tags } = yield* call.answer("press the star key")
      assert.include(tags, "AgentSendDtmf")
    }).pipe(withDemo, Effect.scoped)
  )

  it.effect("says goodbye, then hangs up", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      const { tags, text } = yield* call.answer("goodbye")
      assert.strictEqual(text, "Goodbye, and thank you for calling.")
      assert.isAbove(tags.indexOf("AgentEndCall"), tags.lastIndexOf("AgentSendText"))
    }).pipe(withDemo, Effect.scoped)
  )
})

/** Waits, on the real clock, until something holds. */
const until = (holds: () => boolean) =>
  Effect.sync(holds).pipe(Effect.repeat({ until: (there) => there, schedule: Schedule.spaced("10 millis") }))

/** The beginning of a reply, whose connection is then lost. */
const dying = (...texts: ReadonlyArray<string>): Script => ({
  pieces: [OpenAiServer.head, ...texts.map((content) => OpenAiServer.chunk({ content }))],
  ending: "cut"
})

describe("Assistant with a provider", () => {
  it.live("goes on with the demo model, in the same sentence, when the provider dies", () =>
    Effect.gen(function* () {
      const provider = yield* MockServer.make
      const environment = ConfigProvider.fromEnv({ env: { OPENAI_BASE_URL: provider.url } })
      const context = yield* Layer.build(
        Layer.provide(Assistant.model("openai/gpt-4.1-mini"), ConfigProvider.layer(environment))
      )
      yield* Effect.gen(function* () {
        provider.script(
          OpenAiServer.text("Tides ", "come ", "twice ", "a ", "day."),
          dying("I am ", "asking for the ti", "me, which is ne", "arly"),
          OpenAiServer.text("It is ", "noon.")
        )
        const call = yield* dial("openai/gpt-4.1-mini")
        call.take()
        yield* call.ask("how often is there a tide?")
        yield* until(() => call.text().endsWith("day."))
        assert.strictEqual(call.take().text, "Tides come twice a day.")

        yield* call.ask("and what time is it")
        yield* until(() => call.text().endsWith("noon."))
        const { text, tools } = call.take()
        assert.strictEqual(
          text,
          "I am asking for the time, which is and here the other model stopped, so I take over: a demo model. " +
            "Let me see.It is noon."
        )
        assert.strictEqual(tools[0], "current_time?")
        // The provider is asked again with what the demo model has found out for it.
        assert.match(JSON.stringify(provider.requests[2]?.body), /"role":"tool"[^}]*UTC/)
      }).pipe(Effect.provideContext(context))
    }).pipe(Effect.provideService(References.MinimumLogLevel, "None"), Effect.scoped)
  )
})

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** Runs a program of this package in an environment without any keys but these, and reads what it prints. */
const program = (file: string, env: { readonly [name: string]: string }) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const keyless = Object.entries(process.env).filter(([name]) => !/_API_KEY$|_BASE_URL$|^ANTIPHON_/.test(name))
      const child = spawn(process.execPath, ["--conditions=antiphon-source", `packages/examples/src/${file}`], {
        cwd: root,
        env: { ...Object.fromEntries(keyless), HOST: "127.0.0.1", PORT: "0", ...env }
      })
      const run = { child, printed: "", code: undefined as number | null | undefined }
      child.stdout.setEncoding("utf8").on("data", (text: string) => (run.printed += text))
      child.stderr.setEncoding("utf8").on("data", (text: string) => (run.printed += text))
      child.on("close", (code) => (run.code = code))
      return run
    }),
    (run) =>
      Effect.promise(async () => {
        if (run.code !== undefined) return
        const closed = once(run.child, "close")
        run.child.kill("SIGTERM")
        await closed
      })
  )

const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
})

/** Talks over the wire to a server until the agent has said so much, and gives what it said. */
const talk = (address: string, words: string, enough: RegExp) =>
  Effect.promise(async () => {
    const socket = new WebSocket(`ws://${address}/ws`)
    await once(socket, "open")
    let said = ""
    const done = new Promise<void>((resolve) => {
      socket.on("message", (data) => {
        const frame = JSON.parse(String(data))
        if (frame.type === "message") said += frame.content
        if (enough.test(said)) resolve()
      })
    })
    const frames = [
      { type: "start" },
      { type: "user_state", value: "speaking" },
      { type: "message", content: words },
      { type: "user_state", value: "idle" }
    ]
    for (const frame of frames) socket.send(JSON.stringify(frame))
    await done
    socket.close()
    return said
  })

const started: ReadonlyArray<readonly [string, { readonly [name: string]: string }, RegExp]> = [
  ["the demo agent without a key", {}, /a demo agent is on the line[^]*needs no key\. To use a real model/],
  ["the demo agent where a key is empty", { OPENAI_API_KEY: " " }, /a demo agent is on the line/],
  [
    "Anthropic's model before OpenAI's",
    { ANTHROPIC_API_KEY: "k", OPENAI_API_KEY: "k" },
    /an agent with the model anthropic\/claude-haiku-4-5 is/
  ],
  ["OpenAI's model where there is its key", { OPENAI_API_KEY: "k" }, /the model openai\/gpt-4\.1-mini is/],
  [
    "the model that is asked for",
    { ANTHROPIC_API_KEY: "k", ANTIPHON_MODEL: "ollama/llama3.2" },
    /the model ollama\/llama3\.2 is/
  ],
  ["the demo model where it is asked for", { ANTIPHON_MODEL: "demo" }, /an agent with the demo model is/]
]

const refused: ReadonlyArray<readonly [string, { readonly [name: string]: string }, RegExp]> = [
  ["an unknown provider", { ANTIPHON_MODEL: "nobody/x" }, /^The model cannot be used: there is no provider "nobody"/],
  ["a missing key", { ANTIPHON_MODEL: "groq/llama" }, /^The model cannot be used: groq needs a key: set GROQ_API_KEY/],
  ["a bad address", { OPENAI_BASE_URL: "nowhere" }, /^The model cannot be used: the address of openai is not/]
]

describe("npm start", { concurrent: true, timeout: 30_000 }, () => {
  for (const [what, env, banner] of started) {
    it.live(`takes ${what}`, () =>
      Effect.gen(function* () {
        const run = yield* program("main.ts", env)
        yield* until(() => run.printed.includes("Ctrl-C") || run.code !== undefined)
        assert.match(run.printed, banner)
      }).pipe(Effect.scoped)
    )
  }

  for (const [what, env, message] of refused) {
    it.live(`says in one line that it cannot start with ${what}`, () =>
      Effect.gen(function* () {
        const run = yield* program("main.ts", env)
        yield* until(() => run.code !== undefined)
        assert.match(run.printed.trim(), message)
        assert.notInclude(run.printed.trim(), "\n")
        assert.strictEqual(run.code, 1)
      }).pipe(Effect.scoped)
    )
  }

  it.live("answers with the model of the server that OPENAI_BASE_URL names", () =>
    Effect.gen(function* () {
      const provider = yield* MockServer.make
      provider.script(OpenAiServer.text("Twice ", "a ", "day."))
      const run = yield* program("main.ts", { OPENAI_BASE_URL: provider.url })
      yield* until(() => run.printed.includes("Ctrl-C") || run.code !== undefined)
      const [, port] = /localhost:(\d+)/.exec(run.printed) ?? []
      const said = yield* talk(`127.0.0.1:${port}`, "how often?", /day\./)
      assert.match(said, /with the model gpt-4\.1-mini\..*Twice a day\.$/)
      assert.strictEqual(provider.requests[0]?.path, "/chat/completions")
    }).pipe(Effect.scoped)
  )
})

describe("05-assistant", () => {
  it.live(
    "uses its tool, and the second model where the first is overloaded",
    () =>
      Effect.gen(function* () {
        const first = yield* MockServer.make
        const second = yield* MockServer.make
        first.script(AnthropicServer.failure(529, "overloaded_error"), AnthropicServer.text("Nine ", "to ", "six."))
        const toolCall = { index: 0, id: "c1", function: { name: "opening_hours", arguments: '{"day":"saturday"}' } }
        second.script(OpenAiServer.reply([{ tool_calls: [toolCall] }], "tool_calls"))
        const port = String(yield* freePort)
        const run = yield* program("05-assistant.ts", {
          PORT: port,
          ANTHROPIC_API_KEY: "k",
          ANTHROPIC_BASE_URL: first.url,
          OPENAI_BASE_URL: second.url
        })
        const answers = Effect.promise(() =>
          fetch(`http://127.0.0.1:${port}/status`).then(
            (r) => r.ok,
            () => false
          )
        )
        yield* Effect.repeat(answers, {
          until: (there) => there || run.code !== undefined,
          schedule: Schedule.spaced("20 millis")
        })
        const said = yield* talk(`127.0.0.1:${port}`, "are you open on saturday?", /six\./)
        assert.strictEqual(said, "Bicycle shop, good morning!Nine to six.")
        assert.include(JSON.stringify(first.requests[1]?.body), "nine to six")
      }).pipe(Effect.scoped),
    30_000
  )
})

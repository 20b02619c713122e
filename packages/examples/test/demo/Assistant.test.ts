import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { assert, describe, it } from "@effect/vitest"
import {
  type Cause,
  ConfigProvider,
  Duration,
  Effect,
  Layer,
  Queue,
  References,
  Schedule,
  type Scope,
  Stream
} from "effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import WebSocket from "ws"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Assistant from "../../src/demo/Assistant.ts"

type Script = object

interface Provider {
  readonly url: string
  readonly requests: ReadonlyArray<{ readonly path: string; readonly body: unknown }>
  readonly script: (...scripts: ReadonlyArray<Script>) => void
}

// The servers in the tests of @antiphon/llm, loaded by name because their files belong to no TypeScript project here.
const support = (name: string) => import(new URL(`../../../llm/test/support/${name}.ts`, import.meta.url).href)
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
    const report = (...all: ReadonlyArray<Event.Report>) =>
      Effect.andThen(Queue.offerAll(reports, all), VirtualTime.settled)
    const text = () => outputs.map((output) => (output._tag === "AgentSendText" ? output.text : "")).join("")
    const take = () => {
      const taken = { outputs, text: text(), tools: outputs.flatMap(toolLine), tags: outputs.map(({ _tag }) => _tag) }
      outputs = []
      return taken
    }
    const ask = (content: string) =>
      report({ _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content }, { _tag: "UserTurnEnded" })
    const speak = (content: string) =>
      report({ _tag: "AgentTurnStarted" }, { _tag: "AgentTextSent", content }, { _tag: "AgentTurnEnded" })
    yield* VirtualTime.settled
    return { report, ask, speak, take, text }
  })

const toolLine = (output: Event.Output): ReadonlyArray<string> =>
  output._tag === "AgentToolCalled"
    ? [`${output.toolName}?`]
    : output._tag === "AgentToolReturned"
      ? [`${output.toolName} = ${String(output.result)}`]
      : []

/** Lets time pass, and everything happen that is due until then. */
const pass = (seconds: number) => VirtualTime.pass(Duration.seconds(seconds))

/** A call with the demo model whose introduction was heard, and a function that asks and has the whole answer heard. */
const greeted = Effect.gen(function* () {
  const call = yield* dial(DefaultModel.demo)
  yield* call.speak(call.take().text)
  const answer = (content: string) =>
    Effect.gen(function* () {
      yield* call.ask(content)
      yield* call.report({ _tag: "AgentTurnStarted" })
      yield* pass(3)
      const taken = call.take()
      yield* call.report({ _tag: "AgentTextSent", content: taken.text }, { _tag: "AgentTurnEnded" })
      return taken
    })
  return { ...call, answer }
})

/** A test with the demo model, on virtual time. */
const withDemo = <E>(body: Effect.Effect<void, E, LanguageModel.LanguageModel | Scope.Scope>) =>
  body.pipe(Effect.provide(DefaultModel.layer(DefaultModel.demo)), Effect.scoped, VirtualTime.run)

describe("Assistant with the demo model", () => {
  it.effect("says which model it uses, and what to ask for", () =>
    Effect.gen(function* () {
      const demo = yield* dial(DefaultModel.demo)
      assert.match(
        demo.take().text,
        /demo.* rules and not a language model.*story.*look something up.*specialist.*key.*goodbye/
      )
      const named = yield* dial("openrouter/anthropic/claude-x")
      assert.match(named.take().text, /the model claude-x\./)
    }).pipe(withDemo)
  )

  it.effect("tells the time with a tool", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      const { text, tools } = yield* call.answer("what time is it?")
      assert.strictEqual(text, "Let me see. It is 00:00 UTC on Thursday 1 January.")
      assert.deepStrictEqual(tools, ["current_time?", "current_time = It is 00:00 UTC on Thursday 1 January."])
    }).pipe(withDemo)
  )

  it.effect("looks something up while the conversation continues, and reports it once nobody is speaking", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      const asked = yield* call.answer("look up the eels")
      assert.match(asked.text, /^I am looking up the eels\. Go on talking/)
      assert.deepStrictEqual(asked.tools, ["look_up?"])
      yield* call.report({ _tag: "UserTurnStarted" })
      yield* pass(10)
      assert.deepStrictEqual(call.take().tags, [])

      yield* call.report({ _tag: "UserTextSent", content: "thank you" }, { _tag: "UserTurnEnded" })
      yield* call.report({ _tag: "AgentTurnStarted" })
      yield* pass(3)
      const { text, tools } = call.take()
      const found = "I have an answer about the eels: forty-two. This demo asks nobody, so it always is."
      assert.deepStrictEqual(tools, [`look_up = ${found}`])
      // It came before the caller had finished, so one reply covers both.
      assert.strictEqual(text, `${found} You are welcome.`)
      yield* call.report({ _tag: "AgentTextSent", content: text }, { _tag: "AgentTurnEnded" })
      yield* pass(5)
      assert.strictEqual(call.take().text, "")
    }).pipe(withDemo)
  )

  it.effect("reports back unasked", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.answer("look up the eels")
      const meanwhile = yield* call.answer("thank you")
      yield* pass(4)
      const { text } = call.take()
      assert.strictEqual(
        meanwhile.text + text,
        "You are welcome.I have an answer about the eels: forty-two. This demo asks nobody, so it always is."
      )
    }).pipe(withDemo)
  )

  it.effect("hands over to a specialist, who has their own tools and hands the call back", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      const handed = yield* call.answer("a specialist, please")
      assert.match(handed.text, /^One moment, I hand you over\. Hello, this is the specialist for tides\./)
      assert.deepStrictEqual(handed.tools, ["transfer_to_specialist?", "transfer_to_specialist = success"])
      const there = yield* call.answer("help")
      assert.match(there.text, /“go back”.* Ask me for the tides\.$/)
      const tides = yield* call.answer("and in Bristol?")
      assert.strictEqual(
        tides.text,
        "Let me see. The next high water in Bristol is at 03:14 UTC, by a made-up table. Do not sail by it."
      )
      const back = yield* call.answer("please go back")
      assert.strictEqual(back.text, "I am with you again. What else can I do for you?")
      assert.deepStrictEqual(back.tools, ["hand_back?", "hand_back = success"])
      const here = yield* call.answer("help")
      assert.match(here.text, /“look up the tides”.*“read me the notice”.*specialist.*goodbye/)
    }).pipe(withDemo)
  )

  it.effect("lets the specialist report its own lookup, and does not repeat it", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.answer("look up the eels")
      yield* call.answer("a specialist, please")
      yield* pass(10)
      const told = call.take()
      assert.strictEqual(
        told.text,
        "I have an answer about the eels: forty-two. This demo asks nobody, so it always is."
      )
      yield* call.speak(told.text)
      const { text } = yield* call.answer("go back")
      assert.strictEqual(text, "I am with you again. What else can I do for you?")
    }).pipe(withDemo)
  )

  it.effect("stops when the caller speaks, and says how far it was heard", () =>
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
      const sent = call.take().text.split(" ").length
      assert.isBelow(sent, 30)
      yield* pass(3)
      assert.deepStrictEqual(call.take().tags, [])

      yield* call.report({ _tag: "UserTextSent", content: "what is a choir?" }, { _tag: "UserTurnEnded" })
      yield* pass(3)
      assert.match(call.take().text, /^You stopped me after 15 words, at “Two choirs lived on two”\. I am only a demo/)
    }).pipe(withDemo)
  )

  /** A call that was stopped after this many words of the story, all of which had been sent. */
  const stopped = (count: number) =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.ask("tell me a story")
      yield* pass(12)
      const said = call.take().text.split(" ")
      assert.isAbove(said.length, 150)
      // Word by word and without white space, as a speech engine reports.
      yield* call.report({ _tag: "AgentTurnStarted" })
      for (const content of said.slice(0, count)) yield* call.report({ _tag: "AgentTextSent", content })
      return { ...call, said }
    })

  it.effect("continues the story after the last word heard, however often it is interrupted", () =>
    Effect.gen(function* () {
      const call = yield* stopped(15)
      yield* call.ask("go on")
      yield* pass(10)
      const again = call.take().text.split(" ")
      assert.deepStrictEqual(again.slice(-call.said.length + 15), call.said.slice(15))
      yield* call.report({ _tag: "AgentTurnStarted" })
      yield* call.report({ _tag: "AgentTextSent", content: again.slice(0, -20).join(" ") })
      const quiet = yield* call.answer("stop")
      assert.match(quiet.text, /All right, I am quiet\. Say “go on” for the rest of the story\.$/)
      const rest = yield* call.answer("go on")
      assert.deepStrictEqual(rest.text.split(" ").slice(-20), call.said.slice(-20))
      assert.strictEqual(rest.text.split(" ").length, 20 + 10)
    }).pipe(withDemo)
  )

  it.effect("has nothing to continue once the story was heard to its end", () =>
    Effect.gen(function* () {
      const call = yield* stopped(500)
      const { text } = yield* call.answer("go on")
      assert.match(text, /^There is nothing to go on with\./)
    }).pipe(withDemo)
  )

  it.effect("claims nothing about what was heard if the harness reports no speech", () =>
    Effect.gen(function* () {
      const call = yield* dial(DefaultModel.demo)
      call.take()
      yield* call.ask("hello")
      yield* pass(3)
      assert.match(call.take().text, /^Hello to you\./)
    }).pipe(withDemo)
  )

  it.effect("answers a turn without words", () =>
    Effect.gen(function* () {
      const call = yield* stopped(12)
      yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserTurnEnded" })
      yield* pass(3)
      const { text } = call.take()
      assert.match(text, /^You stopped me after 12 words, at “whenever you like\. Two choirs”\. Yes\? Say “go on”/)
      yield* call.speak(text)
      yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserTurnEnded" })
      yield* pass(3)
      assert.match(call.take().text, /^I did not catch any words\./)
    }).pipe(withDemo)
  )

  // The key, the answer, and the last action.
  const presses: ReadonlyArray<readonly [string, RegExp, ReadonlyArray<Event.Output["_tag"]>]> = [
    ["1", /^What is said twice/, []],
    ["7", /^You pressed 7\. Press the pound key/, []],
    ["*", /^Here is a pound key/, ["AgentSendDtmf"]],
    ["9", /^Goodbye/, ["AgentEndCall"]],
    ["", /^I do not know that key\./, []]
  ]
  for (const [button, answer, last] of presses) {
    it.effect(`answers the key "${button}" as it is pressed, interrupting itself`, () =>
      Effect.gen(function* () {
        const call = yield* greeted
        yield* call.ask("tell me a story")
        yield* pass(1)
        call.take()
        yield* call.report({ _tag: "UserDtmfSent", button })
        yield* pass(3)
        const { tags, text } = call.take()
        assert.match(text, answer)
        assert.deepStrictEqual(
          tags.filter((tag) => tag === "AgentSendDtmf" || tag === "AgentEndCall"),
          last
        )
      }).pipe(withDemo)
    )
  }

  it.effect("does not answer a turn of keys a second time", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserDtmfSent", button: "1" }, { _tag: "UserTurnEnded" })
      yield* pass(3)
      assert.strictEqual(
        call.take().text,
        "What is said twice, and the second time by nobody? Press two when you give up."
      )
      const { tags } = yield* call.answer("press the star key")
      assert.include(tags, "AgentSendDtmf")
    }).pipe(withDemo)
  )

  it.effect("reads the notice to its end although the caller speaks, and then stops", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.ask("read me the notice")
      yield* pass(0.8)
      assert.match(call.text(), /Notice\. This part/)
      yield* call.report({ _tag: "UserTurnStarted" })
      yield* pass(5)
      const { outputs, text, tools } = call.take()
      assert.match(text, /^Talk as much as you like, I will finish this\. Notice\. .* has begun\.$/)
      assert.strictEqual(
        outputs.filter((output) => output._tag === "AgentSendText" && output.interruptible === false).length,
        text.split(" ").length - 10
      )
      assert.deepStrictEqual(tools, ["read_notice?", "read_notice = success"])
    }).pipe(withDemo)
  )

  it.effect("says goodbye, then hangs up", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      const { tags, text } = yield* call.answer("goodbye")
      assert.strictEqual(text, "Goodbye, and thank you for calling.")
      assert.isAbove(tags.indexOf("AgentEndCall"), tags.lastIndexOf("AgentSendText"))
    }).pipe(withDemo)
  )
})

/** Waits on the real clock until something holds: virtual time would run ahead of a socket. */
const until = (holds: () => boolean) =>
  Effect.sync(holds).pipe(Effect.repeat({ until: (there) => there, schedule: Schedule.spaced("10 millis") }))

/** The beginning of a reply, whose connection is then lost. */
const dying = (...texts: ReadonlyArray<string>): Script => ({
  pieces: [OpenAiServer.head, ...texts.map((content) => OpenAiServer.chunk({ content }))],
  ending: "cut"
})

describe("Assistant with a provider", () => {
  it.live("answers with the demo model if the provider rejects the key", () =>
    Effect.gen(function* () {
      const provider = yield* MockServer.make
      provider.script(AnthropicServer.failure(401, "authentication_error"))
      const env = { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: provider.url }
      const name = "anthropic/claude-haiku-4-5"
      const context = yield* Layer.build(
        Layer.provide(DefaultModel.layer(name), ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
      )
      yield* Effect.gen(function* () {
        const call = yield* dial(name)
        yield* until(() => call.take().text !== "")
        yield* call.ask("thank you")
        yield* until(() => call.text().endsWith("."))
        assert.strictEqual(call.take().text, "You are welcome.")
        assert.strictEqual(provider.requests[0]?.path, "/v1/messages")
      }).pipe(Effect.provideContext(context))
    }).pipe(Effect.provideService(References.MinimumLogLevel, "None"), Effect.scoped)
  )

  it.live("continues with the demo model, within the sentence, when the provider dies", () =>
    Effect.gen(function* () {
      const provider = yield* MockServer.make
      const environment = ConfigProvider.fromEnv({ env: { OPENAI_BASE_URL: provider.url } })
      const context = yield* Layer.build(
        Layer.provide(DefaultModel.layer("openai/gpt-4.1-mini"), ConfigProvider.layer(environment))
      )
      yield* Effect.gen(function* () {
        provider.script(
          OpenAiServer.text("Tides ", "come ", "twice ", "a ", "day."),
          dying("I am ", "asking for the ti", "me, which is ne", "arly"),
          OpenAiServer.text("It is ", "noon.")
        )
        const call = yield* dial("openai/gpt-4.1-mini")
        yield* until(() => call.take().text !== "")
        yield* call.ask("how often is there a tide?")
        yield* until(() => call.text().endsWith("day."))
        assert.strictEqual(call.take().text, "Tides come twice a day.")

        yield* call.ask("and what time is it")
        yield* until(() => call.text().endsWith("noon."))
        const { text, tools } = call.take()
        assert.strictEqual(
          text,
          "I am asking for the time, which is – and here the model broke off, so I take over: a demo model. " +
            "Let me see. It is noon."
        )
        assert.strictEqual(tools[0], "current_time?")
        // The provider is asked again with what the demo model has found out.
        assert.match(JSON.stringify(provider.requests[2]?.body), /"role":"tool"[^}]*UTC/)
      }).pipe(Effect.provideContext(context))
    }).pipe(Effect.provideService(References.MinimumLogLevel, "None"), Effect.scoped)
  )
})

const root = fileURLToPath(new URL("../../../..", import.meta.url))

/** Runs a program of this package in an environment with no keys but these, and reads what it prints. */
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

/** Talks to a server over the wire until the agent has said this much, and returns what it said. */
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
  [
    "the demo model without a key",
    {},
    /with the embedded demo model is on the line[^]*needs no key\. To use a real one/
  ],
  ["the demo model where a key is empty", { OPENAI_API_KEY: " " }, /with the embedded demo model is/],
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
  [
    "the demo model where it is asked for",
    { ANTIPHON_MODEL: "demo", OPENAI_API_KEY: "k" },
    /the embedded demo model is/
  ]
]

const refused: ReadonlyArray<readonly [string, { readonly [name: string]: string }, RegExp]> = [
  ["an unknown provider", { ANTIPHON_MODEL: "nobody/x" }, /^The model cannot be used: unknown provider "nobody"/],
  ["a missing key", { ANTIPHON_MODEL: "groq/llama" }, /^The model cannot be used: groq needs a key: set GROQ_API_KEY/],
  ["a bad address", { OPENAI_BASE_URL: "nowhere" }, /^The model cannot be used: the address of openai is not/]
]

/** The modules that a piece of code loads. */
const loadedBy = (source: string) =>
  Effect.promise(async () => {
    const spy =
      "import { registerHooks } from 'node:module'; globalThis.loaded = [];" +
      "registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })"
    const child = spawn(
      process.execPath,
      [
        "--conditions=antiphon-source",
        `--import=data:text/javascript,${encodeURIComponent(spy)}`,
        "--input-type=module",
        `--eval=${source}; console.log(JSON.stringify(loaded))`
      ],
      { cwd: fileURLToPath(new URL("../..", import.meta.url)) }
    )
    let printed = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text))
    await once(child, "close")
    return JSON.parse(printed) as ReadonlyArray<string>
  })

describe("startup", { concurrent: true, timeout: 120_000 }, () => {
  const isClient = (url: string) => /node_modules\/(openai|@anthropic-ai)\//.test(url)

  it.live("without a key loads no provider's client", () =>
    Effect.map(loadedBy('await import("./src/demo/Assistant.ts")'), (loaded) => {
      assert.isTrue(loaded.some((url) => url.endsWith("/llm/src/agent/LlmAgent.ts")))
      assert.deepStrictEqual(loaded.filter(isClient), [])
    })
  )

  it.live("with a key loads one", () =>
    Effect.map(
      loadedBy(
        'process.env.OPENAI_API_KEY = "k"; const { chosen, layer } = await import("@antiphon/llm/demo/DefaultModel"); ' +
          'const Effect = await import("effect/Effect"); const Layer = await import("effect/Layer"); ' +
          "await Effect.runPromise(Effect.scoped(Effect.flatMap(chosen, (name) => Layer.build(layer(name)))))"
      ),
      (loaded) => assert.isTrue(loaded.some(isClient))
    )
  )
})

describe("npm start", { concurrent: true, timeout: 120_000 }, () => {
  for (const [what, env, banner] of started) {
    it.live(`accepts ${what}`, () =>
      Effect.gen(function* () {
        const run = yield* program("demo/main.ts", env)
        yield* until(() => run.printed.includes("Ctrl-C") || run.code !== undefined)
        assert.match(run.printed, banner)
      }).pipe(Effect.scoped)
    )
  }

  for (const [what, env, message] of refused) {
    it.live(`explains in one line that it cannot start with ${what}`, () =>
      Effect.gen(function* () {
        const run = yield* program("demo/main.ts", env)
        yield* until(() => run.code !== undefined)
        assert.match(run.printed.trim(), message)
        assert.notInclude(run.printed.trim(), "\n")
        assert.strictEqual(run.code, 1)
      }).pipe(Effect.scoped)
    )
  }

  it.live("answers with the model of the server named by OPENAI_BASE_URL", () =>
    Effect.gen(function* () {
      const provider = yield* MockServer.make
      provider.script(OpenAiServer.text("Twice ", "a ", "day."))
      const run = yield* program("demo/main.ts", { OPENAI_BASE_URL: provider.url })
      yield* until(() => run.printed.includes("Ctrl-C") || run.code !== undefined)
      const [, port] = /localhost:(\d+)/.exec(run.printed) ?? []
      const said = yield* talk(`127.0.0.1:${port}`, "how often?", /day\./)
      assert.match(said, /with the model gpt-4\.1-mini\..*Twice a day\.$/)
      assert.strictEqual(provider.requests[0]?.path, "/chat/completions")
    }).pipe(Effect.scoped)
  )
})

describe("start/assistant", () => {
  it.live(
    "uses its tool, and the second model if the first is overloaded",
    () =>
      Effect.gen(function* () {
        const first = yield* MockServer.make
        const second = yield* MockServer.make
        first.script(AnthropicServer.failure(529, "overloaded_error"), AnthropicServer.text("Nine ", "to ", "six."))
        const toolCall = { index: 0, id: "c1", function: { name: "opening_hours", arguments: '{"day":"saturday"}' } }
        second.script(OpenAiServer.reply([{ tool_calls: [toolCall] }], "tool_calls"))
        const port = String(yield* freePort)
        const run = yield* program("start/assistant.ts", {
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
    120_000
  )
})

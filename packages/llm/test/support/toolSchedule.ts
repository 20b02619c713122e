/**
 * Random calls of an agent with tools on the test clock: tools of every kind that end in every way, a model that calls
 * them rightly and wrongly, a caller who interrupts; and every rule that is broken on the way.
 */

import type * as Harness from "@antiphon/core/Harness"
import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import * as JsonText from "@antiphon/core/JsonText"
import type { Chance } from "@antiphon/core/testing/Chance"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { assert } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, type Fiber, Schema, Scope, Stream } from "effect"
import * as AiError from "effect/ai/AiError"
import type * as Prompt from "effect/ai/Prompt"
import * as BadArguments from "../../src/internal/badArguments.ts"
import * as LlmAgent from "../../src/agent/LlmAgent.ts"
import * as AnthropicRequest from "../../src/model/internal/anthropic/anthropicRequest.ts"
import * as OpenAiPresets from "../../src/model/internal/openAi/openAiPresets.ts"
import * as OpenAiRequest from "../../src/model/internal/openAi/openAiRequest.ts"
import * as RequestRules from "../model/validators/requestRules.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../src/tool/VoiceTool.ts"
import * as PromptRules from "../../src/testing/PromptRules.ts"

type Style = NonNullable<LlmAgent.Options["toolStyle"]>
type Kind = "loopback" | "passthrough" | "background" | "handoff" | "loan"

/** What a schedule is made of, beside chance. */
export interface Shape {
  readonly style: Style
  /** Kinds of tools, as often as they are named. */
  readonly kinds: ReadonlyArray<Kind>
  /** How likely the caller does something in a millisecond. */
  readonly busy: number
  /** How likely the harness takes its time to send. */
  readonly slowSends?: number
  /** Keeps prompts short: what they leave out is no breach, and what they say still is valid and said once. */
  readonly contextPolicy?: LlmAgent.Options["contextPolicy"]
}

/** A run of a tool, by the id that it was told. */
export interface Ran {
  readonly kind: Kind
  readonly interruption: VoiceTool.Interruption
  readonly results: Array<string>
  /** When each of the results was given, in milliseconds. */
  readonly givenAt: Array<number>
  readonly startedAt: number
  readonly timeout: number
  /** Whether it takes its time to clean up. What happens meanwhile may still change how it ended. */
  readonly cleansUp: boolean
  ended: "running" | "returned" | "failed" | "interrupted"
  endedAt: number
}

/** What became of a call with an agent, and every rule that was broken on the way. */
export interface Trace {
  readonly breaches: ReadonlyArray<string>
  readonly prompts: ReadonlyArray<Prompt.Prompt>
  readonly ran: ReadonlyMap<string, Ran>
  readonly outputs: number
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JsonText.stringify(value))
const isSpoken = (text: string): boolean => /^u\d+$/.test(text)
const tokens = (text: string): ReadonlyArray<string> => text.match(/a\d+z/g) ?? []
const toolEvents = (history: History.History) =>
  history.entries.flatMap(({ item }) =>
    item._tag === "AgentToolCalled" || item._tag === "AgentToolReturned" ? [item] : []
  )
/** The id that a tool was told, of the id that one of its results is recorded under. */
export const callOf = (id: string): string => id.replace(/-\d+$/, "")

/** Every recorded call has one outcome at most, none comes before its call, and none is told twice. */
const recordBreaches = (history: History.History): ReadonlyArray<string> => {
  const found: Array<string> = []
  const called = new Set<string>()
  const returned = new Set<string>()
  for (const { _tag, toolCallId: id } of toolEvents(history)) {
    if (_tag === "AgentToolCalled") {
      if (called.has(id)) found.push(`${id} was called twice`)
      called.add(id)
      continue
    }
    if (!called.has(id)) found.push(`${id} has an outcome before it was called`)
    if (returned.has(id)) found.push(`${id} has two outcomes`)
    returned.add(id)
  }
  return found
}

/**
 * What is recorded of a run, given how it went; more than one way where two things happened at the same time. Results
 * that a run gives after the end of the call are not recorded if the end stops the run.
 */
const outcomesOf = (run: Ran, isSlow: boolean, callEndedAt: number): ReadonlyArray<ReadonlyArray<string>> => {
  const { results } = run
  const failed = [...results, "error"]
  const whole = results.length === 0 ? ["success"] : results
  const orCancelled = (given: ReadonlyArray<string>) => (given.length === 0 ? ["cancelled"] : given)
  const cut = orCancelled(results)
  const atEnd = orCancelled(results.filter((_, index) => run.givenAt[index]! <= callEndedAt))
  const elapsed = run.endedAt - run.startedAt
  const late = elapsed > run.timeout || (elapsed === run.timeout && run.ended === "interrupted")
  const ways = {
    returned: whole,
    failed,
    interrupted: late ? failed : cut,
    running: cut
  }
  const others = [
    ...(elapsed === run.timeout ? [failed] : []),
    ...(run.cleansUp || isSlow || elapsed === run.timeout ? [cut] : [])
  ]
  // The end closes what is left one by one. What a run does meanwhile comes too late.
  const isStoppedByEnd = run.endedAt > callEndedAt || (run.ended === "interrupted" && run.endedAt === callEndedAt)
  return [
    ways[run.ended],
    ...others,
    ...(isStoppedByEnd ? [atEnd] : []),
    ...(run.cleansUp && elapsed >= run.timeout ? [failed] : [])
  ]
}

export const recordedOf = (history: History.History) => {
  const recorded = new Map<string, Array<string>>()
  for (const event of toolEvents(history)) {
    const id = callOf(event.toolCallId)
    const outcomes = recorded.get(id) ?? []
    recorded.set(id, outcomes)
    if (event._tag !== "AgentToolReturned") continue
    const text = textOf(event.result)
    outcomes.push(text.startsWith("error: ") ? "error" : text)
  }
  return recorded
}

export const linesOf = (prompt: Prompt.Prompt) => {
  const users: Array<string> = []
  const said: Array<string> = []
  const results = new Map<string, { readonly name: string; readonly text: string }>()
  const calls: Array<string> = []
  for (const { content, role } of prompt.content) {
    for (const part of typeof content === "string" ? [] : content) {
      if (part.type === "text" && role === "user") users.push(part.text)
      if (part.type === "text" && role === "assistant") said.push(...tokens(part.text))
      if (part.type === "tool-call") calls.push(part.id)
      if (part.type === "tool-result") results.set(part.id, { name: part.name, text: textOf(part.result) })
    }
  }
  return { users: users.filter(isSpoken), said, results, calls }
}

/** All that a turn has said. */
const saidIn = (history: History.History, turn: number): string =>
  history.entries
    .flatMap(({ item, turn: id }) => (id === turn && item._tag === "AgentSendText" ? [item.text] : []))
    .join("")

/** A prompt is valid at both providers, and says all that the model is to know, once. */
const promptBreaches = (
  request: ScriptedModel.Request,
  turn: { readonly id: number; readonly history: History.History },
  now: History.History,
  isShort: boolean
): ReadonlyArray<string> => {
  const found = [...PromptRules.breaches(request.prompt, request.tools)]
  if (request.method === "generateText") return found
  if (isShort) found.push(...requestBreaches(request))
  const { calls, results, said, users } = linesOf(request.prompt)
  const same = (what: string, seen: ReadonlyArray<string>, expected: ReadonlyArray<string>) => {
    const isPart = isShort && seen.every((one) => expected.includes(one)) && new Set(seen).size === seen.length
    if (seen.join() !== expected.join() && !isPart) found.push(`${what}: ${seen}, not ${expected}`)
  }
  const texts = turn.history.events.flatMap((event) =>
    event._tag === "UserTextSent" && isSpoken(event.content) ? [event.content] : []
  )
  same("what the user said", users, texts)

  const heard = now.events.flatMap((event) => (event._tag === "AgentTextSent" ? tokens(event.content) : []))
  const sent = now.entries.flatMap(({ item, turn: id }) =>
    id === turn.id && item._tag === "AgentSendText" ? tokens(item.text) : []
  )
  // What is on its way to the caller is told too, but for the turn in progress, which has sent it itself.
  const unheard = now.unheard.flatMap(({ from, to, turn: id }) =>
    id === turn.id ? [] : tokens(saidIn(now, id).slice(from, to))
  )
  same("what the agent said", said.toSorted(), [...new Set([...heard, ...sent, ...unheard])].toSorted())

  const recorded = toolEvents(now)
  const made = recorded.flatMap((event) => (event._tag === "AgentToolCalled" ? [event.toolCallId] : []))
  same("calls", calls.toSorted(), made.toSorted())
  for (const event of recorded) {
    if (event._tag !== "AgentToolReturned") continue
    const { result, toolCallId: id } = event
    const text = results.get(id)?.text
    if (isShort && (text === undefined || text.includes("left out here"))) continue
    if (text !== textOf(result)) found.push(`result of ${id}: ${text}, not ${textOf(result)}`)
  }
  for (const [id, { name, text }] of results) {
    const mayRun = /^(background|finish)/.test(name)
    if (text === "pending" && !mayRun) found.push(`${id} of ${name} has no outcome and the model is asked`)
  }
  return found
}

/** Models whose requests are held against what their providers refuse. */
const families = [
  ["openai", "gpt-5.4-mini"],
  ["mistral", "mistral-small-latest"],
  ["gemini", "gemini-3-flash-preview"],
  ["deepseek", "deepseek-reasoner"],
  ["ollama", "gemma3"],
  ["anthropic", "claude-haiku-4-5"],
  ["anthropic", "claude-opus-5-5"]
] as const

/** What is wrong with the requests that providers of each family would be sent. */
const requestBreaches = ({ prompt, tools }: ScriptedModel.Request): ReadonlyArray<string> =>
  families.flatMap(([provider, model]) => {
    const options = { prompt, tools, toolChoice: "auto", responseFormat: { type: "text" } } as const
    const isAnthropic = provider === "anthropic"
    const body: unknown = isAnthropic
      ? AnthropicRequest.make(model, {}, options)
      : OpenAiRequest.make(OpenAiPresets.byName(provider)!, model, {}, options)
    const sent = JSON.parse(JSON.stringify(body)) as { readonly [key: string]: unknown }
    const check = isAnthropic ? RequestRules.messages : RequestRules.chat
    return check({ provider, model }, sent).map((what) => `${provider}/${model}: ${what}`)
  })

export interface Setup {
  readonly random: Chance
  readonly options: LlmAgent.Options
  readonly replies: ReadonlyArray<ScriptedModel.Reply>
  readonly ran: Map<string, Ran>
  readonly slowSends: number
  readonly onOutput: (output: Event.Output) => Effect.Effect<void>
}

/** A call with an agent on a scripted model, a caller to play, and an end that is held against the rules. */
export const connect = ({ onOutput, options, random, replies, slowSends }: Setup) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Effect.forkDetach(Scope.close(scope, Exit.void)))
    const found: Array<string> = []
    const unheard: Array<string> = []
    let outputs = 0
    let texts = 0
    let speaking = false
    let turn: { readonly id: number; readonly history: History.History } | undefined
    let call: Call.Call | undefined

    const checked = replies.map((reply): ScriptedModel.Reply => (request) => {
      const now = Effect.runSync(call!.history)
      const isShort = options.contextPolicy !== undefined
      found.push(...promptBreaches(request, turn!, now, isShort), ...recordBreaches(now))
      return typeof reply === "function" ? reply(request) : reply
    })
    const model = ScriptedModel.make(checked)
    const spec = yield* LlmAgent.make(options)(CallRequest.make()).pipe(Scope.provide(scope))
    const harness: Harness.Harness = {
      send: (sent) =>
        Effect.gen(function* () {
          for (const output of sent) {
            outputs++
            if (output._tag === "AgentSendText") unheard.push(...output.text.split(/\s+/).filter((word) => word !== ""))
            yield* onOutput(output)
          }
          if (slowSends > 0 && random.chance(slowSends)) yield* Effect.sleep(random.int(1, 4))
        }),
      fail: (error) => Effect.sync(() => found.push(`the call failed: ${error}`))
    }
    const agent: typeof spec.agent = (event, given) => {
      turn = given
      return spec.agent(event, given)
    }
    call = yield* Call.make({ ...spec, agent }, { harness }).pipe(Scope.provide(scope), Effect.provide(model.layer))
    const { end, history, receive } = call
    yield* VirtualTime.settled

    const pass = (ms: number) =>
      Effect.andThen(Effect.andThen(VirtualTime.settled, Effect.sleep(ms)), VirtualTime.settled)
    const hear = Effect.gen(function* () {
      const content = unheard.shift()
      if (content === undefined) return
      if (!speaking) yield* receive({ _tag: "AgentTurnStarted" })
      speaking = true
      yield* receive({ _tag: "AgentTextSent", content })
      if (unheard.length > 0) return
      speaking = false
      yield* receive({ _tag: "AgentTurnEnded" })
    })
    const hush = Effect.suspend(() => {
      unheard.length = 0
      if (!speaking) return Effect.void
      speaking = false
      return receive({ _tag: "AgentTurnEnded" })
    })
    return {
      pass,
      receive,
      hear,
      hearAll: Effect.suspend(function all(): Effect.Effect<void> {
        return unheard.length === 0 ? hush : Effect.andThen(hear, Effect.suspend(all))
      }),
      speak: Effect.andThen(receive({ _tag: "UserTurnStarted" }), hush),
      say: Effect.suspend(() => receive({ _tag: "UserTextSent", content: `u${++texts}` })),
      stop: receive({ _tag: "UserTurnEnded" }),
      outputs: () => outputs,
      /** Hangs up and holds what was recorded against what the tools did. */
      finish: Effect.gen(function* () {
        const asked = yield* model.prompts
        const ending = yield* Effect.forkChild(Effect.andThen(end, Scope.close(scope, Exit.void)))
        yield* waitFor(ending, pass(10))
        const after = yield* history
        found.push(...recordBreaches(after))
        return { after, asked, breaches: found }
      })
    }
  })

const waitFor = (fiber: Fiber.Fiber<unknown>, pass: Effect.Effect<void>) =>
  Effect.gen(function* () {
    yield* VirtualTime.settled
    for (let waited = 0; fiber.pollUnsafe() === undefined && waited < 2000; waited++) yield* pass
  })

const parameters = { n: Schema.Int }

/** A tool of random policies whose runs go a random way. What a run does is written down. */
const randomTool = (random: Chance, kind: Kind, index: number, ran: Map<string, Ran>): VoiceTool.VoiceTool => {
  const timeout = random.int(4, 40)
  const options = {
    description: "Does something.",
    parameters,
    timeout: Duration.millis(timeout),
    interruption: random.pick(["cancel", "cancel", "finish", "uninterruptible"] as const),
    concurrency: random.pick(["concurrent", "concurrent", "sequential"] as const),
    duplicates: random.pick(["reject", "allow"] as const)
  }
  // Told by its name: a tool that finishes in the background may be pending before it has begun.
  const name = `${options.interruption === "finish" ? "finish_" : ""}${kind}${index}`
  const begin = (id: string) =>
    Effect.map(Clock.currentTimeMillis, (startedAt): Ran => {
      const run: Ran = {
        kind,
        interruption: options.interruption,
        results: [],
        givenAt: [],
        startedAt,
        timeout: kind === "handoff" || kind === "loan" ? Infinity : timeout,
        cleansUp,
        ended: "running",
        endedAt: 0
      }
      assert.isFalse(ran.has(id), `${id} ran twice`)
      ran.set(id, run)
      return run
    })
  const ended = (run: Ran) => (exit: Exit.Exit<unknown, unknown>) =>
    Effect.map(Clock.currentTimeMillis, (endedAt) => {
      run.endedAt = endedAt
      run.ended = Exit.isSuccess(exit) ? "returned" : Exit.hasInterrupts(exit) ? "interrupted" : "failed"
    })
  const wait = () => Effect.sleep(random.pick([0, 0, 1, 2, 5, 9, 20]))
  const cleansUp = random.chance(0.2)
  const cleanUp = cleansUp ? Effect.sleep(random.int(1, 5)) : Effect.void
  const end = () => {
    const how = random.int(0, 9)
    if (how === 0) return Effect.fail(new Error("failed"))
    if (how === 1) return Effect.die(new Error("died"))
    return how === 2 ? Effect.never : Effect.void
  }

  if (kind === "handoff" || kind === "loan") {
    return VoiceTool.handoff(name, options, (_, { giveBack, toolCallId }) =>
      Effect.gen(function* () {
        const run = yield* begin(toolCallId)
        return (event) =>
          event._tag === "CallEnded"
            ? Stream.empty
            : Stream.make(Event.sendText("The other one. ")).pipe(
                Stream.concat(Stream.fromEffectDrain(wait())),
                Stream.concat(Stream.fromEffectDrain(kind === "loan" ? giveBack : Effect.void)),
                Stream.onExit(event._tag === "AgentHandedOff" ? ended(run) : () => Effect.void)
              )
      })
    )
  }
  const make = kind === "background" ? VoiceTool.background : VoiceTool.loopback
  return make(name, options, (_, { toolCallId }) =>
    Stream.unwrap(
      Effect.map(begin(toolCallId), (run) => {
        const give = (count: number, now: number): unknown => {
          if (kind === "passthrough" || random.chance(0.2)) return Event.logMessage("tool", "at work")
          const result = `${toolCallId}/${count}`
          const value = random.pick<unknown>([result, { result }, [result]])
          run.results.push(textOf(value))
          run.givenAt.push(now)
          return value
        }
        const steps = Array.from({ length: random.pick([0, 1, 1, 1, 2, 3]) }, (_, count) =>
          Stream.fromEffect(Effect.map(Effect.andThen(wait(), Clock.currentTimeMillis), (now) => give(count, now)))
        )
        return steps
          .reduce<Stream.Stream<unknown, Error>>((all, step) => Stream.concat(all, step), Stream.empty)
          .pipe(
            Stream.concat(Stream.fromEffectDrain(Effect.andThen(wait(), end()))),
            Stream.ensuring(cleanUp),
            Stream.onExit(ended(run))
          )
      })
    )
  )
}

const overloaded = new AiError.InternalProviderError({ description: "overloaded" })
const signed = { metadata: { anthropic: { signature: "signed" } } }

/** Replies of a model that calls tools it has, tools it does not have, and tools with arguments that are wrong. */
const randomReplies = (random: Chance, names: ReadonlyArray<string>, made: Array<ReadonlyArray<string>>) => {
  let words = 0
  let calls = 0
  const text = () =>
    ScriptedModel.text(
      random.many(random.int(1, 4), () => ` a${++words}z`),
      { every: random.pick([undefined, 1, 3]) }
    )
  const call = (ids: Array<string>): ScriptedModel.Piece => {
    // Some models count from the beginning in each reply.
    const id = random.chance(0.1) && calls > 0 ? `t${random.int(1, calls)}` : `t${++calls}`
    if (ids.includes(id)) return []
    ids.push(id)
    const params = random.pick<unknown>([{ n: 1 }, { n: 1 }, { n: 2 }, { n: 1, more: "x" }])
    const wrong = random.pick<unknown>([{}, { n: "one" }, null, [], BadArguments.make("{")])
    return ScriptedModel.toolCall(
      random.chance(0.08) ? "unheard_of" : random.pick(names),
      random.chance(0.1) ? wrong : params,
      { id }
    )
  }
  return Array.from({ length: 300 }, (_, index): ScriptedModel.Reply => ({ method }) => {
    const ids: Array<string> = []
    made[index] = ids
    if (method === "generateText") {
      return random.chance(0.2) ? ScriptedModel.fail(overloaded) : ScriptedModel.text("They talked.", { every: 2 })
    }
    const pieces: Array<ScriptedModel.Piece> = []
    if (random.chance(0.2)) pieces.push(ScriptedModel.reasoning("hm hm", signed))
    if (random.chance(0.05)) pieces.push(ScriptedModel.text([" "]))
    else if (random.chance(0.6)) pieces.push(text())
    if (names.length > 0 && random.chance(0.7)) {
      for (let left = random.pick([1, 1, 2, 2, 3]); left > 0; left--) {
        pieces.push(call(ids))
        if (random.chance(0.3)) pieces.push(ScriptedModel.delay(random.int(1, 3)))
      }
      if (random.chance(0.2)) pieces.push(text())
    }
    if (random.chance(0.05)) pieces.push(ScriptedModel.fail(overloaded))
    return pieces
  })
}

/** A random call from its greeting to its end. */
export const simulate = (random: Chance, shape: Shape): Effect.Effect<Trace, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ran = new Map<string, Ran>()
    const made: Array<ReadonlyArray<string>> = []
    const tools = random.many(random.int(1, 5), (index) => randomTool(random, random.pick(shape.kinds), index, ran))
    const call = yield* connect({
      random,
      ran,
      options: {
        tools,
        toolStyle: shape.style,
        maxToolIterations: random.int(1, 4),
        systemPrompt: random.pick(["", "Be brief."]),
        introduction: random.pick(["", "Welcome."]),
        interruptedMark: random.pick([undefined, "[interrupted]"]),
        contextPolicy: shape.contextPolicy,
        describeEvent: (event) => (event._tag === "UserDtmfSent" ? `pressed ${event.button}` : undefined)
      },
      replies: randomReplies(
        random,
        tools.map(({ name }) => name),
        made
      ),
      slowSends: shape.slowSends ?? 0,
      onOutput: () => Effect.void
    })
    for (let ms = random.int(20, 120); ms > 0; ms--) {
      if (random.chance(0.5)) yield* call.hear
      if (random.chance(shape.busy)) {
        if (random.chance(0.8)) yield* call.speak
        if (random.chance(0.3)) yield* call.pass(random.int(1, 4))
        if (random.chance(0.2)) yield* call.receive({ _tag: "UserDtmfSent", button: "5" })
        if (random.chance(0.05)) yield* call.receive({ _tag: "UserTextSent", content: " " })
        if (random.chance(0.8)) yield* call.say
        if (random.chance(0.1)) yield* call.say
        yield* call.stop
      }
      yield* call.pass(1)
    }
    if (random.chance(0.8)) {
      // Silence, in which all that runs comes to its end, and a last word to bring the rest of the results.
      const silence = Effect.repeat(Effect.andThen(call.hearAll, call.pass(15)), { times: 12 })
      yield* silence
      yield* Effect.andThen(Effect.andThen(call.speak, call.say), call.stop)
      yield* silence
    }
    const callEndedAt = yield* Clock.currentTimeMillis
    const { after, asked, breaches } = yield* call.finish
    const found = [...breaches]

    const recorded = recordedOf(after)
    // Where sending is slow, a tool whose time is up waits for someone to take what it gave, and may be interrupted then.
    const isSlow = shape.slowSends !== undefined
    for (const [index, { outcome }] of asked.entries()) {
      if (outcome !== "Finished") continue
      for (const id of made[index] ?? []) {
        const times = made
          .slice(0, index + 1)
          .filter((ids, at) => ids.includes(id) && asked[at]!.outcome === "Finished")
        const claimed = [...recorded.keys()].filter((known) => known === id || known.startsWith(`${id}_`))
        if (claimed.length < times.length) found.push(`${id} is not on the record`)
      }
    }
    for (const [id, outcomes] of recorded) {
      const run = ran.get(id)
      const expected = run === undefined ? [["error"], ["cancelled"]] : outcomesOf(run, isSlow, callEndedAt)
      if (!expected.some((one) => one.join() === outcomes.join()))
        found.push(`outcomes of ${id} (${JSON.stringify(run)}): ${outcomes}, not ${expected[0]}`)
    }
    return { breaches: found, prompts: asked.map(({ prompt }) => prompt), ran, outputs: call.outputs() }
  })

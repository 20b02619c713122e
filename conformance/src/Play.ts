/**
 * Plays one case: starts a server on a real port, connects a caller over a real socket, and carries out the steps.
 *
 * @since 0.1.0
 */
import * as PreCall from "@antiphon/server/PreCall"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { HttpServer } from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as AgentKind from "./AgentKind.ts"
import * as Caller from "./Caller.ts"
import type * as Case from "./Case.ts"
import * as Expectation from "./Expectation.ts"
import * as HttpFixture from "./HttpFixture.ts"
import * as ModelFixture from "./ModelFixture.ts"
import * as Notation from "./Notation.ts"
import * as WireForm from "./WireForm.ts"

/** How a case is played. */
export interface Options {
  /** Whether texts that contain JSON must be equal as text, rather than only in meaning. */
  readonly exactTexts?: boolean | undefined
  /** Longest wait for an expected message, in milliseconds. 5000 by default. */
  readonly patienceMs?: number | undefined
}

/** How long nothing more may come, unless `expect` says otherwise. */
const defaultQuietMs = 120
/** Notes are read this long after the socket has closed. */
const afterCloseMs = 300
/** No case takes longer. */
const longestCaseMs = 60_000

/** Longest wait for the server of a case to stop. Its agent gets a second of it. */
const longestStopMs = 5000

/** Plays a case. Fails with the first difference between what it expects and what came. */
export const play = (
  theCase: Case.Case,
  kind: AgentKind.AgentKind,
  options: Options = {}
): Effect.Effect<void, Expectation.Difference> =>
  Effect.acquireUseRelease(
    Scope.make(),
    (scope) =>
      Effect.gen(function* () {
        yield* Effect.timeoutOrElse(Scope.provide(playIn(theCase, kind, options), scope), {
          duration: longestCaseMs,
          orElse: () => differs("steps", `the end of the case within ${longestCaseMs} ms`, "none")
        })
        yield* Effect.timeoutOrElse(Fiber.await(yield* stop(scope)), {
          duration: longestStopMs,
          orElse: () =>
            differs("steps", `a server that stops within ${longestStopMs} ms after them`, "one that does not")
        })
      }),
    stop
  )

// A server that does not stop must not hold up the next case.
const stop = (scope: Scope.Closeable) => Effect.forkDetach(Scope.close(scope, Exit.void))

const playIn = (
  theCase: Case.Case,
  kind: AgentKind.AgentKind,
  options: Options
): Effect.Effect<void, Expectation.Difference, Scope.Scope> =>
  Effect.gen(function* () {
    const http = theCase.httpServer === undefined ? undefined : yield* HttpFixture.make(theCase.httpServer.routes)
    const played =
      http === undefined ? theCase : Notation.mapTexts(theCase, (text) => text.replaceAll("<http>", http.address))
    const model = yield* ModelFixture.make(played.llm ?? [])
    const notes: Array<unknown> = []
    // The fixture stands for the platform, whose address the operator of an agent knows.
    const env = { ...(http === undefined ? undefined : { CARTESIA_BASE_URL: http.address }), ...played.env }
    const address = yield* serve({ ...played, env }, kind, {
      note: (note) => notes.push(structuredClone(note)),
      modelAddress: model.address
    })
    const stage: Stage = {
      address,
      patienceMs: options.patienceMs ?? 5000,
      matching: Expectation.matching(options),
      caller: needsSocket(played) ? yield* Caller.open(`${address}${played.wsPath ?? "/ws"}`) : undefined,
      closedAt: undefined,
      closeCode: undefined,
      response: undefined
    }
    if (played.call !== null && played.call !== undefined && stage.caller?._tag === "Caller") {
      yield* stage.caller.send(Expectation.bind(JSON.stringify(played.call), stage.matching))
    }
    for (const [i, step] of played.steps.entries()) yield* take(step, `steps[${i}]`, stage)
    if (played.notes !== undefined) yield* compareNotes(played.notes, notes, stage)
    if (played.llmRequests !== undefined) yield* compareModelRequests(played.llmRequests, model.requests, stage)
    if (played.httpRequests !== undefined) yield* compareRequests(played.httpRequests, http?.received ?? [], stage)
  })

interface Stage {
  readonly address: string
  readonly patienceMs: number
  readonly matching: Expectation.Matching
  readonly caller: Caller.Caller | Caller.Refused | undefined
  /** When the socket closed, on the clock of the process. */
  closedAt: number | undefined
  closeCode: number | undefined
  /** The answer that `expectHttp` is about. */
  response: Response | undefined
}

const differs = (path: string, expected: string, got: string): Effect.Effect<never, Expectation.Difference> =>
  Effect.fail(new Expectation.Difference({ path, expected, got }))

const compare = (expected: unknown, got: unknown, path: string, { matching }: Stage) => {
  const found = Expectation.difference(expected, got, path, matching)
  return found === undefined ? Effect.void : Effect.fail(found)
}

const needsSocket = ({ call, connect, steps }: Case.Case): boolean =>
  (call !== undefined && call !== null) || connect === true || steps.some((step) => step.expectRejected !== undefined)

/** Starts a new server for a case, and returns its address. */
const serve = (
  { agent, env = {}, server }: Case.Case,
  kind: AgentKind.AgentKind,
  stage: AgentKind.Stage
): Effect.Effect<string, never, Scope.Scope> =>
  VoiceAgentApp.layerServer(AgentKind.factory(agent, kind, stage), {
    preCall: server?.preCall == null ? undefined : preCall(server.preCall, stage),
    guard: false,
    settings: { port: 0, host: "127.0.0.1", exposeErrors: true, drainTimeout: Duration.zero }
  }).pipe(
    Layer.provide(Logger.layer([])),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env))),
    Layer.build,
    Effect.map((context) => NetAddress.formatUrlUnsafe(Context.get(context, HttpServer).address)),
    Effect.orDie
  )

const preCall =
  ({ httpError, noteCall, reject, result, throw: thrown }: Case.PreCall, stage: AgentKind.Stage) =>
  (request: Parameters<PreCall.Handler>[0]): ReturnType<PreCall.Handler<Error>> => {
    if (noteCall === true) stage.note({ callRequest: Notation.describeRequest(request) })
    if (thrown !== undefined) return Effect.fail(new Error(thrown))
    if (httpError !== undefined) return Effect.fail(new PreCall.HttpError({ detail: null, ...httpError }))
    return Effect.succeed(reject === true ? PreCall.reject : PreCall.accept(result))
  }

/** Carries out one step. */
const take = (step: Case.Step, path: string, stage: Stage): Effect.Effect<void, Expectation.Difference> => {
  if (step.waitMs !== undefined) return Effect.sleep(step.waitMs)
  if (step.http !== undefined) return request(step.http, path, stage)
  if (step.expectHttp !== undefined) return expectHttp(step.expectHttp, `${path}.expectHttp`, stage)
  if (step.expectRejected !== undefined) return expectRejected(step.expectRejected, path, stage)
  return Effect.flatMap(socketOf(path, stage), (caller) => takeOnSocket(caller, step, path, stage))
}

const takeOnSocket = (
  caller: Caller.Caller,
  step: Case.Step,
  path: string,
  stage: Stage
): Effect.Effect<void, Expectation.Difference> => {
  const send = (text: string) => caller.send(Expectation.bind(text, stage.matching))
  if (step.sendRaw !== undefined) return send(step.sendRaw)
  if (step.sendBinary !== undefined) return caller.send(new TextEncoder().encode(step.sendBinary))
  if (step.expect !== undefined) {
    return expectMessages(caller, step.expect, step.quietMs ?? defaultQuietMs, `${path}.expect`, stage)
  }
  if (step.expectClose !== undefined) return expectClose(caller, step.expectClose.code, `${path}.expectClose`, stage)
  if (step.close !== undefined) {
    return Effect.andThen(
      caller.close,
      Effect.sync(() => {
        stage.closedAt ??= performance.now()
      })
    )
  }
  return send(JSON.stringify(step.send))
}

const socketOf = (path: string, { caller }: Stage): Effect.Effect<Caller.Caller, Expectation.Difference> => {
  if (caller?._tag === "Caller") return Effect.succeed(caller)
  return differs(path, "an open socket", caller === undefined ? "no socket" : refusal(caller))
}

const refusal = ({ status }: Caller.Refused) =>
  status === undefined ? "a connection that failed" : `a socket refused with status ${status}`

const expectRejected = ({ status }: { readonly status: number }, path: string, { caller }: Stage) => {
  if (caller?._tag === "Refused" && caller.status === status) return Effect.void
  return differs(
    `${path}.expectRejected`,
    `a socket refused with status ${status}`,
    caller === undefined ? "no socket" : caller._tag === "Refused" ? refusal(caller) : "an open socket"
  )
}

/** The next message, or undefined if none comes in time, or none will come any more. */
const nextMessage = (
  caller: Caller.Caller,
  withinMs: number,
  path: string,
  stage: Stage
): Effect.Effect<{ readonly message: unknown } | undefined, Expectation.Difference> =>
  Effect.gen(function* () {
    if (stage.closeCode !== undefined) return undefined
    const arrival = Option.getOrUndefined(yield* caller.next(withinMs))
    if (arrival === undefined) return undefined
    if (arrival._tag === "Binary") return yield* differs(path, "text", "a binary message")
    if (arrival._tag === "Closed") {
      stage.closeCode = arrival.code
      stage.closedAt ??= performance.now()
      return undefined
    }
    const read = WireForm.read(arrival.text)
    return Result.isSuccess(read)
      ? { message: read.success }
      : yield* differs(path, "a message in the form of the wire", `${Expectation.show(arrival.text)}: ${read.failure}`)
  })

const expectMessages = (
  caller: Caller.Caller,
  expected: ReadonlyArray<unknown>,
  quietMs: number,
  path: string,
  stage: Stage
) =>
  Effect.gen(function* () {
    for (const [i, message] of expected.entries()) {
      const place = `${path}[${i}]`
      const got = yield* nextMessage(caller, stage.patienceMs, place, stage)
      if (got === undefined) return yield* differs(place, Expectation.show(message), nothing(stage))
      yield* compare(message, got.message, place, stage)
    }
    const place = `${path}[${expected.length}]`
    const extra = yield* nextMessage(caller, quietMs, place, stage)
    if (extra !== undefined) {
      return yield* differs(place, `no message for ${quietMs} ms`, Expectation.show(extra.message))
    }
  })

const nothing = ({ closeCode, patienceMs }: Stage) =>
  closeCode === undefined ? `no message within ${patienceMs} ms` : `the socket closed with code ${closeCode}`

const expectClose = (caller: Caller.Caller, code: number, path: string, stage: Stage) =>
  Effect.gen(function* () {
    const expected = `the socket closed with code ${code}`
    const message = yield* nextMessage(caller, stage.patienceMs, path, stage)
    if (message !== undefined) return yield* differs(path, expected, Expectation.show(message.message))
    if (stage.closeCode !== code) return yield* differs(path, expected, nothing(stage))
  })

const request = (
  { body, headers, method, path: target, rawBody }: NonNullable<Case.Step["http"]>,
  path: string,
  stage: Stage
) => {
  const text = rawBody ?? (body === undefined ? undefined : JSON.stringify(body))
  return Effect.tryPromise({
    try: (signal) =>
      fetch(`${stage.address}${target}`, {
        method,
        signal,
        redirect: "manual",
        headers: { ...(text === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(text === undefined ? {} : { body: Expectation.bind(text, stage.matching) })
      }),
    catch: (error) => new Expectation.Difference({ path: `${path}.http`, expected: "an answer", got: String(error) })
  }).pipe(
    Effect.map((response) => {
      stage.response = response
    })
  )
}

const expectHttp = ({ body, headers = {}, status }: NonNullable<Case.Step["expectHttp"]>, path: string, stage: Stage) =>
  Effect.gen(function* () {
    const { response } = stage
    if (response === undefined) return yield* differs(path, "a request before it", "none")
    const text = yield* Effect.promise(() => response.text())
    yield* compare(status, response.status, `${path}.status`, stage)
    for (const [name, value] of Object.entries(headers)) {
      yield* compare(value, response.headers.get(name) ?? undefined, `${path}.headers.${name}`, stage)
    }
    if (body !== undefined) yield* compare(body, bodyOf(text, typeof body === "string"), `${path}.body`, stage)
  })

const bodyOf = (text: string, asText: boolean): unknown => {
  try {
    const json: unknown = JSON.parse(text)
    return asText && typeof json !== "string" ? text : json
  } catch {
    return text
  }
}

/** Compares the notes once the expected number has arrived, and closed sockets have had time to finish. */
const compareNotes = (expected: ReadonlyArray<unknown>, notes: ReadonlyArray<unknown>, stage: Stage) =>
  Effect.gen(function* () {
    const pauseMs = 5
    for (let left = stage.patienceMs; notes.length < expected.length && left > 0; left -= pauseMs) {
      yield* Effect.sleep(pauseMs)
    }
    if (stage.closedAt !== undefined) {
      yield* Effect.sleep(Math.max(0, stage.closedAt + afterCloseMs - performance.now()))
    }
    yield* compare(expected, [...notes], "notes", stage)
  })

type Json = { readonly [key: string]: unknown }

/** Settings for failures of the model's client, which never reach the model. */
const clientParams: ReadonlySet<string> = new Set(["num_retries", "fallbacks", "timeout"])

const compareModelRequests = (expected: ReadonlyArray<Json>, received: ReadonlyArray<Json>, stage: Stage) => {
  const sent = expected.map(({ params = {}, ...request }) => ({
    ...request,
    params: Object.fromEntries(Object.entries(params as Json).filter(([name]) => !clientParams.has(name)))
  }))
  // The spacing of JSON within a prompt is up to the provider's adapter.
  return compare(sent, [...received], "llmRequests", { ...stage, matching: { ...stage.matching, exactTexts: false } })
}

/** Compares only the headers that the case names. */
const compareRequests = (
  expected: ReadonlyArray<Json>,
  received: ReadonlyArray<HttpFixture.Received>,
  stage: Stage
) => {
  const got = received.map((request, i) => {
    const named = expected[i]?.headers
    if (named === undefined) return request
    const names = Object.keys(named as Json)
    return {
      ...request,
      headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => names.includes(name)))
    }
  })
  return compare(expected, got, "httpRequests", stage)
}

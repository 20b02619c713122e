/**
 * Searches while the caller is still speaking, so that the model gets passages together with the question, without
 * calling a tool.
 *
 * The caller's words so far are searched for as they grow. When the caller has finished, the model gets the passages if
 * they still fit the question; otherwise it gets none, and can still call a tool. An answer never waits for a search,
 * except in a tentative turn: while it is tentative, and for `patience` at most.
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import * as Interim from "@antiphon/core/agent/Interim"
import type * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Grounding from "../internal/grounding.ts"
import * as PassageText from "./internal/passageText.ts"
import * as Prefetching from "./internal/prefetch.ts"
import * as Knowledge from "./Knowledge.ts"
import type * as Passages from "./Passages.ts"

/** Options of the search. */
export interface Options extends Knowledge.Search, Passages.Options {
  /** Minimum number of words to search for, and of new words before the next search. 3 by default. */
  readonly words?: number | undefined
  /** Pause after which fewer words are searched for, too. 200 milliseconds by default. */
  readonly pause?: Duration.Input | undefined
  /** Longest wait for a search while the caller's turn is tentative. 300 milliseconds by default; 0 for no wait. */
  readonly patience?: Duration.Input | undefined
}

/**
 * Prefetches for the agent of a source.
 *
 * ```ts
 * const support = Prefetch.agent(LlmAgent.make({ systemPrompt, tools: [KnowledgeBase.own()] }), { limit: 3 })
 * ```
 */
export const agent: {
  (
    options?: Options
  ): <E = never, R = never, R2 = R>(source: Agent.Source<E, R, R2>) => Agent.Factory<E, R | Knowledge.Knowledge, R2>
  <E = never, R = never, R2 = R>(
    source: Agent.Source<E, R, R2>,
    options?: Options
  ): Agent.Factory<E, R | Knowledge.Knowledge, R2>
} = dual(
  (args) => isSource(args[0]),
  <E, R, R2>(source: Agent.Made<E, R, R2>, options: Options = {}): Agent.Factory<E, R | Knowledge.Knowledge, R2> =>
    (request) =>
      Effect.gen(function* () {
        const spec = yield* Agent.from(source)(request)
        const search = yield* make(options)
        return {
          ...spec,
          agent: (event, turn) => grounded(spec.agent, search, event, turn),
          session: (call) => {
            const listening = Stream.drain(Stream.tap(call.events, search.hear))
            return spec.session === undefined ? listening : Stream.merge(spec.session(call), listening)
          }
        }
      })
)

/** Options are an object without an agent in it. */
const isSource = (value: unknown): boolean =>
  typeof value === "function" || (typeof value === "object" && value !== null && "agent" in value)

const grounded = <E, R>(
  agent: Agent.Agent<E, R>,
  search: Prefetch,
  event: Event.Input,
  turn: Turn.Turn
): Stream.Stream<Event.Output, E, R> => {
  if (event._tag !== "UserTurnEnded") return agent(event, turn)
  return Stream.unwrap(
    Effect.gen(function* () {
      const found = yield* search.found(wordsOf(event), turn.committed)
      if (found === undefined) return agent(event, turn)
      const grounding = yield* Grounding.Current
      return Stream.provideService(agent(event, turn), Grounding.Current, {
        ...grounding,
        closing: [...grounding.closing, found]
      })
    })
  )
}

/** The words of a turn. Pressed keys do not count. */
const wordsOf = ({ content }: Event.UserTurnEnded): string =>
  content.flatMap((part) => (part._tag === "UserTextSent" ? [part.content] : [])).join(" ")

/** Longest text to search for, in characters, because the cost grows with the length. */
const longest = 2000

/** The searches of one call. */
interface Prefetch {
  readonly hear: (event: Event.Input) => Effect.Effect<void>
  /** Returns the passages that fit the question, if any. Waits only until the turn counts. */
  readonly found: (text: string, committed: Effect.Effect<void>) => Effect.Effect<string | undefined>
}

/** A search in progress or finished. */
interface Asked {
  readonly query: Prefetching.Query
  fiber: Fiber.Fiber<void> | undefined
  /** The result. Empty if nothing was found, or the search failed. */
  found: ReadonlyArray<Knowledge.Found> | undefined
}

const make = (options: Options): Effect.Effect<Prefetch, never, Knowledge.Knowledge | Scope.Scope> =>
  Effect.gen(function* () {
    const knowledge = yield* Knowledge.Knowledge
    const scope = yield* Effect.scope
    const { words: fewest = 3 } = options
    const pause = Duration.fromInputUnsafe(options.pause ?? "200 millis")
    const patience = Duration.fromInputUnsafe(options.patience ?? "300 millis")
    let heard = ""
    /** The last finished search, and the running one. */
    let done: Asked | undefined
    let running: Asked | undefined
    let waiting: Fiber.Fiber<void> | undefined

    const last = () => (running ?? done)?.query

    const run = (query: Prefetching.Query): Effect.Effect<Asked> =>
      Effect.gen(function* () {
        // Only the latest search is useful.
        running?.fiber?.interruptUnsafe()
        const asked: Asked = { query, fiber: undefined, found: undefined }
        const searching = knowledge.search(query.text.slice(-longest), options).pipe(
          Effect.catch((error) => Effect.as(Effect.logDebug(`nothing was prefetched: ${error._tag}`), [])),
          Effect.map((found) => {
            asked.found = found
            if (running !== asked) return
            done = running
            running = undefined
          })
        )
        running = asked
        asked.fiber = yield* Effect.forkIn(searching, scope)
        return asked
      })

    const begin = (fewest: number): Effect.Effect<void> =>
      Effect.suspend(() => {
        const query = Prefetching.query(heard)
        return Prefetching.isWorth(query, last(), fewest) ? Effect.asVoid(run(query)) : Effect.void
      })

    /** Takes the caller's words so far. */
    const grow = (text: string): Effect.Effect<void> =>
      Effect.gen(function* () {
        heard = text
        waiting?.interruptUnsafe()
        yield* begin(fewest)
        waiting = yield* Effect.forkIn(Effect.delay(begin(1), pause), scope)
      })

    // Interim words of a recogniser. Of several texts that arrive at once, only the last is used.
    const interim = yield* Interim.Current
    if (interim !== undefined) {
      const texts = yield* Queue.sliding<string>(1)
      interim.listen((text) => void (text.length <= longest && Queue.offerUnsafe(texts, text)))
      yield* Effect.forkIn(Effect.forever(Effect.flatMap(Queue.take(texts), grow), { disableYield: true }), scope)
    }

    const hear: Prefetch["hear"] = (event) =>
      Effect.gen(function* () {
        switch (event._tag) {
          // Keeps the previous result, which is only used for a turn that begins with the same words.
          case "UserTurnStarted":
          case "UserTurnEnded":
            heard = ""
            waiting?.interruptUnsafe()
            return
          case "UserTextSent": {
            if (heard.length > longest) return
            return yield* grow(`${heard} ${event.content}`)
          }
        }
      })

    const found: Prefetch["found"] = (text, committed) =>
      Effect.gen(function* () {
        const said = Prefetching.query(text)
        const isReady = (asked: Asked | undefined) =>
          asked?.found !== undefined && Prefetching.isSame(asked.query, said)
        const counting = yield* Effect.forkChild(committed, { startImmediately: true })
        const isTentative = counting.pollUnsafe() === undefined
        if (isTentative && said.words.length > 0 && !isReady(done) && !Duration.isZero(patience)) {
          // A search for the same words may be running.
          const asked = running !== undefined && Prefetching.isSame(running.query, said) ? running : yield* run(said)
          const over = asked.fiber === undefined ? Effect.void : Fiber.await(asked.fiber)
          yield* Effect.raceAllFirst([over, Fiber.await(counting), Effect.sleep(patience)])
        }
        yield* Fiber.interrupt(counting)
        const fitting = done !== undefined && Prefetching.fits(done.query, said) ? done.found : undefined
        return fitting === undefined || fitting.length === 0 ? undefined : PassageText.told(fitting, options)
      })

    return { hear, found }
  })

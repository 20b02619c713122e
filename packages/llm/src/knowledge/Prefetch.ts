/**
 * Looks things up while the caller still speaks, so that the model has the passages with the question and need not call a tool
 * for them.
 *
 * What the caller has said so far is searched for as it grows. When they have finished, the model is told what was found if
 * that still fits what they have said; if nothing fits, it is told nothing, and can still look things up by a tool. An answer
 * never waits: only a turn that is tentative does, as long as it is, and `patience` at most.
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
import * as Prefetching from "./internal/prefetch.ts"
import * as Knowledge from "./Knowledge.ts"
import * as Passages from "./Passages.ts"

/** How the search goes beside the call. */
export interface Options extends Knowledge.Search, Passages.Options {
  /** Words that are searched for at the least, and that come anew before another search. 3. */
  readonly words?: number | undefined
  /** A pause in which words are searched for that are too few otherwise. 200 milliseconds. */
  readonly pause?: Duration.Input | undefined
  /** Longest wait for a search while the caller's turn is tentative. 300 milliseconds; 0 for none. */
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

/** The words of a turn. Keys that were pressed are none. */
const wordsOf = ({ content }: Event.UserTurnEnded): string =>
  content.flatMap((part) => (part._tag === "UserTextSent" ? [part.content] : [])).join(" ")

/** Characters of a question that are searched for. What is longer is no question, and costs as much as it is long. */
const longest = 2000

/** The searches of one call. */
interface Prefetch {
  readonly hear: (event: Event.Input) => Effect.Effect<void>
  /** What the model is told, if something was found that fits. Waits only until the turn counts. */
  readonly found: (text: string, committed: Effect.Effect<void>) => Effect.Effect<string | undefined>
}

/** One search: begun, and perhaps over. */
interface Asked {
  readonly query: Prefetching.Query
  fiber: Fiber.Fiber<void> | undefined
  /** What was found, once it is; empty if nothing was, or the search failed. */
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
    /** The last search that is over, and the one that runs. */
    let done: Asked | undefined
    let running: Asked | undefined
    let waiting: Fiber.Fiber<void> | undefined

    const last = () => (running ?? done)?.query

    const run = (query: Prefetching.Query): Effect.Effect<Asked> =>
      Effect.gen(function* () {
        // Of two searches only the later one is of use.
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

    /** Takes in what the caller has said so far. */
    const grow = (text: string): Effect.Effect<void> =>
      Effect.gen(function* () {
        heard = text
        waiting?.interruptUnsafe()
        yield* begin(fewest)
        waiting = yield* Effect.forkIn(Effect.delay(begin(1), pause), scope)
      })

    // What a recogniser has so far, before it is reported. Of several texts that come at once only the last is of use.
    const interim = yield* Interim.Current
    if (interim !== undefined) {
      const texts = yield* Queue.sliding<string>(1)
      interim.listen((text) => void (text.length <= longest && Queue.offerUnsafe(texts, text)))
      yield* Effect.forkIn(Effect.forever(Effect.flatMap(Queue.take(texts), grow), { disableYield: true }), scope)
    }

    const hear: Prefetch["hear"] = (event) =>
      Effect.gen(function* () {
        switch (event._tag) {
          // What was found before is kept: it is told only to a turn that begins with the same words.
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
          // The same words may be under way already.
          const asked = running !== undefined && Prefetching.isSame(running.query, said) ? running : yield* run(said)
          const over = asked.fiber === undefined ? Effect.void : Fiber.await(asked.fiber)
          yield* Effect.raceAllFirst([over, Fiber.await(counting), Effect.sleep(patience)])
        }
        yield* Fiber.interrupt(counting)
        const fitting = done !== undefined && Prefetching.fits(done.query, said) ? done.found : undefined
        return fitting === undefined || fitting.length === 0 ? undefined : Passages.told(fitting, options)
      })

    return { hear, found }
  })

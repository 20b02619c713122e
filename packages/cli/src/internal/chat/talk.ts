/** Chats with an agent in the terminal: connects the call, the clock, the keyboard and the screen. */
import * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as Monotonic from "@antiphon/core/Monotonic"
import type * as CallRequest from "@antiphon/core/CallRequest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type * as Terminal from "effect/Terminal"
import * as Screen from "../screen.ts"
import * as Conversation from "./conversation.ts"
import * as Page from "./page.ts"

/** Options of a chat. */
export interface Options {
  readonly request: CallRequest.CallRequest
  /** The agent's rate in words per minute; 0 for as fast as words arrive. */
  readonly pace: number
  /** Whether keys arrive one by one. Otherwise lines do, and each waits until the agent has finished. */
  readonly keys: boolean
  readonly screen: Screen.Stream
}

const due: Conversation.Told = { _tag: "Due" }

/** Runs a call until one side hangs up. */
export const talk = <E, R>(
  agent: Agent.Factory<E, never, R>,
  terminal: Terminal.Terminal,
  options: Options
): Effect.Effect<void, E, Exclude<R, Scope.Scope>> =>
  Effect.scoped(
    Effect.gen(function* () {
      const told = yield* Queue.unbounded<Conversation.Told>()
      const quiet = Latch.makeUnsafe(false)
      const tell = (what: Conversation.Told) => {
        quiet.closeUnsafe()
        Queue.offerUnsafe(told, what)
      }
      const view = new View(options.screen)
      let state = Conversation.initial

      const spec = yield* agent(options.request)
      const call = yield* Call.make(spec, {
        request: options.request,
        harness: {
          send: (outputs) => Effect.sync(() => outputs.forEach((output) => tell({ _tag: "Wanted", output }))),
          turn: (change) => tell({ _tag: "Turn", change }),
          fail: ({ message }) => Effect.sync(() => tell({ _tag: "Broken", message }))
        }
      })

      const carryOut = (todo: Conversation.Todo) => {
        switch (todo._tag) {
          case "Show":
            return Effect.sync(() => view.show(todo.item))
          case "Report":
            return Effect.flatMap(call.receive(todo.report), ({ decision }) =>
              todo.report._tag === "UserTurnEnded"
                ? Effect.forkScoped(Effect.map(decision, (made) => made === "Run" || tell({ _tag: "Unanswered" })))
                : Effect.void
            )
          case "End":
            return call.end
          default:
            return todo satisfies never
        }
      }

      const input = options.keys ? typed(terminal, view, tell) : lines(terminal, tell, quiet.await)
      const typing = yield* Effect.forkScoped(input)
      /** When the last word started, in milliseconds: the next one is due relative to it, whatever else happens. */
      let spokenAt = -Infinity
      const next = Effect.gen(function* () {
        // Pending events come before the clock, because with a pace of 0 a word is always due.
        const happened = yield* Queue.poll(told)
        if (Option.isSome(happened)) return happened.value
        const pause = Conversation.due(state, options.pace)
        if (pause === undefined) return yield* Queue.take(told)
        const left = Math.max(0, spokenAt + pause - (yield* Monotonic.now))
        return yield* Effect.timeoutOrElse(Queue.take(told), { duration: left, orElse: () => Effect.succeed(due) })
      })
      while (!state.over) {
        if (Conversation.isQuiet(state) && (yield* Queue.size(told)) === 0) quiet.openUnsafe()
        const happened = yield* next
        if (happened._tag === "Due") spokenAt = yield* Monotonic.now
        const [after, todo] = Conversation.step(state, happened)
        state = after
        yield* Effect.forEach(todo, carryOut, { discard: true })
      }
      yield* Fiber.interrupt(typing)
      view.close()
    })
  ) as Effect.Effect<void, E, Exclude<R, Scope.Scope>>

/** Lines of a file or a pipe. Each is sent once the agent has finished; after the last one, the user hangs up. */
const lines = (terminal: Terminal.Terminal, tell: (told: Conversation.Told) => void, quiet: Effect.Effect<void>) =>
  Effect.andThen(quiet, terminal.readLine).pipe(
    Effect.map((text) => tell({ _tag: "Line", text })),
    Effect.forever,
    Effect.catch(() => Effect.sync(() => tell({ _tag: "Gone" })))
  )

/**
 * Keys of a terminal. The line being typed is at the bottom of the page, and other output waits until it is complete.
 */
const typed = (terminal: Terminal.Terminal, view: View, tell: (told: Conversation.Told) => void) =>
  Effect.gen(function* () {
    const keys = yield* terminal.readInput
    let text = ""
    const edit = (next: string) => {
      if (text === "" && next !== "" && !next.startsWith("/")) tell({ _tag: "Typing" })
      if (text !== "" && next === "") tell({ _tag: "Abandoned" })
      text = next
      view.draft(text)
    }
    while (true) {
      const { input, key } = yield* Queue.take(keys)
      if (key.name === "return" || key.name === "enter") {
        const line = text
        text = ""
        view.draft("")
        if (line.trim() === "") tell({ _tag: "Abandoned" })
        else tell({ _tag: "Line", text: line })
      } else if (key.name === "backspace") edit([...text].slice(0, -1).join(""))
      else if (key.name === "escape" || (key.ctrl && key.name === "u")) edit("")
      else if (key.ctrl && key.name === "w") edit(text.replace(/\S+\s*$/, ""))
      else if (!key.ctrl && !key.meta && Option.isSome(input) && !/\p{Cc}/u.test(input.value)) {
        edit(text + input.value)
      }
    }
  }).pipe(Effect.catch(() => Effect.sync(() => tell({ _tag: "Gone" }))))

/** The page on the screen. Output waits while the user types. */
class View {
  readonly #screen: Screen.Stream
  readonly #style: ReturnType<typeof Screen.styles>
  #page = Page.empty
  #draft = ""
  #waiting: Array<Conversation.Item> = []

  constructor(screen: Screen.Stream) {
    this.#screen = screen
    this.#style = Screen.styles(screen)
  }

  show(item: Conversation.Item): void {
    // Reports the words the user has just cut off at once.
    if (this.#draft !== "" && item._tag !== "Cut") return void this.#waiting.push(item)
    if (this.#draft !== "") this.#erase()
    this.#write(item)
    if (this.#draft !== "") this.#draw()
  }

  /** Shows the line being typed. */
  draft(text: string): void {
    if (this.#draft !== "") this.#erase()
    this.#draft = text
    if (text === "") this.#release()
    else this.#draw()
  }

  close(): void {
    this.draft("")
    this.#line()
  }

  #write(item: Conversation.Item): void {
    const [page, text] = Page.write(this.#page, item, Screen.width(this.#screen), this.#style)
    this.#page = page
    if (text !== "") this.#put(text)
  }

  #release(): void {
    for (const item of this.#waiting.splice(0)) this.#write(item)
  }

  #line(): void {
    const [page, text] = Page.newLine(this.#page)
    this.#page = page
    if (text !== "") this.#put(text)
  }

  /** Shows the end of a long line, so that it never takes more than one row. */
  #draw(): void {
    this.#line()
    const room = Math.max(10, (this.#screen.columns ?? 80) - Page.speaker("you").length - 1)
    this.#put(`${this.#style.bold(Page.speaker("you"))}${this.#draft.slice(-room)}`)
  }

  #erase(): void {
    this.#put("\r\u001B[2K")
  }

  #put(text: string): void {
    this.#screen.write(text)
  }
}

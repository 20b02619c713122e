/**
 * A random conversation: a list of stimuli with delays.
 *
 * Stimuli are described in terms that always make sense (speech begins or ends, the agent proceeds), so that any part
 * of a conversation can be left out. Ticks occur when the floor asks for them, as from a pipeline.
 */
import type * as Chance from "@antiphon/core/testing/Chance"
import * as AudioTime from "../../AudioTime.ts"
import * as Floor from "../../Floor.ts"
import type { FloorEvent } from "../../FloorEvent.ts"
import type { FloorPolicy } from "../../FloorPolicy.ts"
import type { Breach, Law, Step, Subject } from "./floorLaw.ts"

/** A stimulus. `words`: how many are new, and whether they are a backchannel. */
export type Stimulus = { readonly afterMs: number } & (
  | { readonly what: "Speech" | "Press" | "Tools" | "Key" | "SttResumed" | "Forget" | "Pass" }
  | { readonly what: "Partial" | "Final" | "Eager" | "SttEnd"; readonly words: number; readonly listens: boolean }
  | { readonly what: "Agent" | "Echo"; readonly how: number }
  | { readonly what: "Stale"; readonly how: number }
  | { readonly what: "Predict"; readonly endOfTurn: number }
)

const frequencies: ReadonlyArray<readonly [Stimulus["what"], number]> = [
  ["Speech", 28],
  ["Partial", 14],
  ["Final", 14],
  ["Agent", 24],
  ["Predict", 4],
  ["Stale", 3],
  ["Tools", 2],
  ["Key", 2],
  ["Press", 2],
  ["Eager", 2],
  ["SttResumed", 1],
  ["SttEnd", 2],
  ["Forget", 1],
  ["Echo", 2],
  ["Pass", 3]
]
const whats = frequencies.flatMap(([what, count]) => Array.from({ length: count }, () => what))

/** Draws a conversation. */
export const random = (chance: Chance.Chance, length: number, policy: FloorPolicy): ReadonlyArray<Stimulus> =>
  Array.from({ length }, () => {
    // Mostly short, so that much happens within the waits of a policy.
    const afterMs = chance.chance(0.1)
      ? chance.int(0, policy.silenceMs)
      : Math.floor(chance.next() * chance.next() * 1200)
    const what = chance.pick(whats)
    switch (what) {
      case "Partial":
      case "Final":
      case "Eager":
      case "SttEnd":
        return { afterMs, what, words: chance.int(0, 3), listens: chance.chance(0.3) }
      case "Agent":
      case "Echo":
      case "Stale":
        return { afterMs, what, how: chance.int(0, 9) }
      case "Predict":
        return { afterMs, what, endOfTurn: chance.int(0, 4) / 4 }
      default:
        return { afterMs, what }
    }
  })

/** Silence at the end, in which all activity must end. */
const silenceAtEndMs = 60_000

/** Plays a conversation, and checks the laws. */
export const play = (
  policy: FloorPolicy,
  subject: Subject,
  laws: ReadonlyArray<Law>,
  stimuli: ReadonlyArray<Stimulus>,
  trace?: Array<string>
): Breach | undefined => {
  const run = new Run(policy, subject, laws, trace)
  for (const stimulus of stimuli) {
    run.pass(stimulus.afterMs)
    for (const event of run.events(stimulus)) run.step(event)
    if (run.breach !== undefined) return run.breach
  }
  run.hush()
  run.pass(silenceAtEndMs)
  return run.breach ?? run.end()
}

/** Plays a fixed list of events, with ticks between them. */
export const replay = (
  policy: FloorPolicy,
  subject: Subject,
  laws: ReadonlyArray<Law>,
  events: ReadonlyArray<FloorEvent>,
  trace?: Array<string>
): Breach | undefined => {
  const run = new Run(policy, subject, laws, trace)
  for (const event of events) {
    run.pass(event.at - run.now)
    run.step(event)
  }
  run.hush()
  run.pass(silenceAtEndMs)
  return run.breach ?? run.end()
}

/** More ticks than the silence at the end of a conversation can need. */
const mostTicks = 1000

/** A recogniser that is silent for this long has dropped its partial when speech begins again. */
const danglingMs = 2000

class Run {
  now = 0
  breach: Breach | undefined = undefined
  private floor: Floor.Floor = Floor.initial
  private readonly watches
  private isSpeaking = false
  private isPressed = false
  private toolsRun = false
  private isHeard = false
  private segment: Array<string> = []
  private segmentAt = 0
  private words = 0
  private readonly policy: FloorPolicy
  private readonly subject: Subject
  private readonly trace: Array<string> | undefined

  constructor(policy: FloorPolicy, subject: Subject, laws: ReadonlyArray<Law>, trace: Array<string> | undefined) {
    this.policy = policy
    this.subject = subject
    this.trace = trace
    this.watches = laws.map((law) => ({ law: law.name, watch: law.watch(policy, subject) }))
  }

  step(event: FloorEvent): void {
    if (this.breach !== undefined) return
    const before = this.floor
    const [after, actions] = this.subject.step(before, event, this.policy)
    this.floor = after
    this.now = Math.max(this.now, event.at)
    if (
      actions.some((action) => action._tag === "Cut" || action._tag === "TurnEnded" || action._tag === "TurnCommitted")
    ) {
      this.isHeard = false
    }
    if (this.trace !== undefined) {
      this.trace.push(print(event))
      for (const action of actions) this.trace.push(`    ${JSON.stringify(action)}`)
    }
    const step: Step = { before, event, actions, after, due: this.subject.due(after, this.policy) }
    for (const { law, watch } of this.watches) {
      const message = watch.see(step)
      if (message !== undefined) {
        this.breach = { law, message }
        return
      }
    }
  }

  /** Advances time, with the ticks that the floor asks for. */
  pass(ms: number): void {
    const until = this.now + ms
    for (let ticks = 0; ticks < mostTicks; ticks++) {
      const due = this.subject.due(this.floor, this.policy)
      if (due === undefined || due > until || this.breach !== undefined) break
      this.step({ _tag: "Tick", at: AudioTime.make(Math.max(due, this.now)) })
    }
    this.now = until
  }

  /** Ends ongoing activity: speech, tools, and the agent's words. */
  hush(): void {
    if (this.isSpeaking) this.run({ afterMs: 0, what: "Speech" })
    if (this.isPressed) this.run({ afterMs: 0, what: "Press" })
    if (this.toolsRun) this.run({ afterMs: 0, what: "Tools" })
    for (let round = 0; round < 12 && this.breach === undefined; round++) {
      this.pass(5000)
      if (Floor.agent(this.floor) !== "Quiet") this.run({ afterMs: 0, what: "Agent", how: 0 })
    }
  }

  end(): Breach | undefined {
    for (const { law, watch } of this.watches) {
      const message = watch.end?.(this.floor)
      if (message !== undefined) return { law, message }
    }
    return undefined
  }

  private run(stimulus: Stimulus): void {
    for (const event of this.events(stimulus)) this.step(event)
  }

  /** Converts a stimulus to an event, given the current state. */
  events(stimulus: Stimulus): ReadonlyArray<FloorEvent> {
    const at = AudioTime.make(this.now)
    switch (stimulus.what) {
      case "Speech":
        this.isSpeaking = !this.isSpeaking
        if (this.isSpeaking && !this.floor.pressed && this.policy.endpointing !== "push") this.begin(this.now - 64)
        return this.isSpeaking
          ? [{ _tag: "SpeechStarted", at, from: AudioTime.make(Math.max(0, this.now - 64)) }]
          : [{ _tag: "SpeechEnded", at, from: AudioTime.make(Math.max(0, this.now - 96)) }]
      case "Press":
        this.isPressed = !this.isPressed
        if (this.isPressed && this.floor.speech === undefined) this.begin(this.now)
        return [{ _tag: this.isPressed ? "TalkPressed" : "TalkReleased", at }]
      case "Tools":
        this.toolsRun = !this.toolsRun
        return [{ _tag: this.toolsRun ? "ToolsRunning" : "ToolsIdle", at }]
      case "Key":
        return [{ _tag: "Dtmf", at, digit: "5" }]
      case "Partial":
        this.say(stimulus)
        return [{ _tag: "Transcript", at, text: this.partial(), final: false }]
      case "Final":
        this.say(stimulus)
        return [{ _tag: "Transcript", at, text: this.finish(), final: true }]
      case "Eager":
        this.say(stimulus)
        return [{ _tag: "SttEagerEnd", at, text: this.partial() }]
      case "SttResumed":
        return [{ _tag: "SttResumed", at }]
      case "SttEnd":
        this.say(stimulus)
        return [{ _tag: "SttTurnEnded", at, text: this.finish() }]
      case "Forget":
        // The recogniser drops its partial, which never becomes final.
        this.segment = []
        return []
      case "Predict":
        return [{ _tag: "Predicted", at, text: Floor.transcript(this.floor) ?? "", endOfTurn: stimulus.endOfTurn }]
      case "Agent":
        return this.agent(at, stimulus.how)
      case "Stale":
        return this.stale(at, stimulus.how)
      case "Echo":
        return this.echo(at, stimulus.how)
      case "Pass":
        return []
    }
  }

  /** Speech long after the last words: the recogniser has dropped them. */
  private begin(from: number): void {
    if (from - this.segmentAt > danglingMs) this.segment = []
  }

  private say({ words, listens }: { readonly words: number; readonly listens: boolean }): void {
    const { backchannels } = this.policy
    for (let index = 0; index < words; index++) {
      this.words++
      this.segment.push(
        listens ? (backchannels[this.words % Math.max(1, backchannels.length)] ?? "mm") : `w${this.words}`
      )
    }
  }

  /** The agent speaks, and the recogniser attributes some of its words to the user. */
  private echo(at: AudioTime.AudioTime, how: number): ReadonlyArray<FloorEvent> {
    const words = Array.from({ length: 4 }, () => `e${(this.words += 1)}`)
    const from = how % 3
    return [
      { _tag: "AgentSaid", at, text: words.join(" ") },
      { _tag: "Transcript", at, text: words.slice(from, from + 1 + (how % 4)).join(" "), final: how >= 4 }
    ]
  }

  private partial(): string {
    if (this.segment.length > 0) this.segmentAt = this.now
    return this.segment.join(" ")
  }

  private finish(): string {
    const text = this.segment.join(" ")
    this.segment = []
    return text
  }

  /** The agent proceeds: it begins to speak, is heard, and ends. */
  private agent(at: AudioTime.AudioTime, how: number): ReadonlyArray<FloorEvent> {
    const { generation } = this.floor
    switch (Floor.agent(this.floor)) {
      case "Quiet":
        if (how === 9) return [{ _tag: "AgentThinking", at, generation }]
        return how >= 7 ? [{ _tag: "AgentSpeaking", at, generation, interruptible: true }] : []
      case "Thinking":
        if (how === 9) return [{ _tag: "AgentQuiet", at, generation }]
        return [{ _tag: "AgentSpeaking", at, generation, interruptible: how !== 8 }]
      default:
        if (!this.isHeard && how < 8) {
          this.isHeard = true
          return [{ _tag: "AgentHeard", at, generation }]
        }
        if (how === 9) return [{ _tag: "AgentThinking", at, generation }]
        if (how === 8) return [{ _tag: "AgentSpeaking", at, generation, interruptible: true }]
        this.isHeard = false
        return [{ _tag: "AgentQuiet", at, generation }]
    }
  }

  /** A late event of a cut generation arrives. */
  private stale(at: AudioTime.AudioTime, how: number): ReadonlyArray<FloorEvent> {
    const generation = this.floor.generation - 1
    if (how < 4) return [{ _tag: "AgentSpeaking", at, generation, interruptible: true }]
    if (how < 7) return [{ _tag: "AgentHeard", at, generation }]
    return [{ _tag: "AgentQuiet", at, generation }]
  }
}

const print = (event: FloorEvent): string => {
  const { _tag, at, ...rest } = event
  return `${at.toFixed(0).padStart(7)} ${_tag} ${Object.keys(rest).length === 0 ? "" : JSON.stringify(rest)}`
}

/**
 * A recorded call as shown in the console: its turns with the words said and heard, tools, model requests, times and
 * costs.
 *
 * Computed from a recording alone, finished or not, so a call looks the same during the call, afterwards and as a fork.
 *
 * @since 0.1.0
 */
import type * as Event from "@antiphon/core/Event"
import * as Recording from "@antiphon/core/recording/Recording"
import * as Prices from "@antiphon/llm/model/Prices"
import * as Usage from "@antiphon/llm/model/Usage"
import type * as Response from "effect/ai/Response"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"

/** A tool call. Times are in milliseconds since the start of the call. */
export interface ToolView {
  readonly id: string
  readonly name: string
  readonly args: unknown
  readonly at: number
  /** Undefined while it is running. */
  readonly result?: unknown
  readonly ms?: number | undefined
}

/** A request to a model. */
export interface RequestView {
  readonly request: number
  readonly at: number
  readonly method: string
  /** Messages as `effect/ai` encodes them. */
  readonly prompt: ReadonlyArray<unknown>
  readonly tools: ReadonlyArray<Recording.Tool>
  readonly settings: unknown
  /** The model that answered, as its provider names it. */
  readonly model?: string | undefined
  readonly text: string
  /** Tools that the model called. */
  readonly calls: ReadonlyArray<{ readonly name: string; readonly args: unknown }>
  readonly outcome: "Running" | "Finished" | "Failed" | "Interrupted"
  readonly error?: unknown
  /** Milliseconds from the request to the first word, or the first part of a reply without one. */
  readonly firstMs?: number | undefined
  readonly ms?: number | undefined
  readonly tokens?: Usage.Tokens | undefined
  /** In US dollars; undefined if no price is known. */
  readonly cost?: number | undefined
}

/** A turn of the agent. */
export interface TurnView {
  readonly turn: number
  readonly at: number
  /** The kind of event that started it. */
  readonly trigger: string
  /** The words said or keys pressed by the caller. */
  readonly caller: string
  readonly outcome: "Running" | "Finished" | "Failed" | "Interrupted"
  readonly ms?: number | undefined
  readonly sent: string
  readonly heard: string
  /** Milliseconds from the start of the turn to its first word, as it was sent and as it was heard. */
  readonly firstSentMs?: number | undefined
  readonly firstHeardMs?: number | undefined
  readonly tools: ReadonlyArray<ToolView>
  readonly requests: ReadonlyArray<RequestView>
  readonly metrics: { readonly [name: string]: unknown }
  readonly failure?: string | undefined
}

/** A summary of a call. */
export interface CallSummary {
  readonly callId: string
  readonly from: string
  readonly to: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly ms: number
  readonly open: boolean
  readonly turns: number
  readonly interruptions: number
  readonly tokens: Usage.Tokens
  /** In US dollars; undefined if no reply has a price. */
  readonly cost?: number | undefined
}

/** A call. */
export interface CallView extends CallSummary {
  readonly all: ReadonlyArray<TurnView>
  /** The first system prompt given to a model. */
  readonly systemPrompt?: string | undefined
}

type Building<A> = { -readonly [K in keyof A]: A[K] }
interface BuildingTurn extends Omit<Building<TurnView>, "tools" | "requests" | "metrics"> {
  tools: Array<Building<ToolView>>
  requests: Array<RequestView>
  metrics: { [name: string]: unknown }
}

/** Makes the view of a recording. Leaves out incomplete requests. */
export const make = (recording: Recording.Recording): CallView => {
  const { header, lines } = recording
  const turns = turnsOf(lines)
  const requests = Result.getOrElse(Recording.modelRequests(recording), () => [])
  for (const request of requests) turns.find(({ turn }) => turn === request.turn)?.requests.push(requestOf(request))
  const views = turns.flatMap(({ requests }) => requests)
  const costs = views.flatMap(({ cost }) => (cost === undefined ? [] : [cost]))
  return {
    callId: header.request.callId,
    from: header.request.from,
    to: header.request.to,
    startedAt: DateTime.formatIso(header.startedAt),
    ms: lines.at(-1)?.at ?? 0,
    open: !lines.some(({ _tag }) => _tag === "CallClosed"),
    turns: turns.length,
    interruptions: turns.filter(({ outcome }) => outcome === "Interrupted").length,
    tokens: views.reduce((sum, { tokens }) => Usage.add(sum, tokens ?? Usage.none), Usage.none),
    cost: costs.length === 0 ? undefined : costs.reduce((sum, cost) => sum + cost, 0),
    all: turns,
    systemPrompt: systemPromptOf(requests)
  }
}

/** The same without turns. */
export const summary = ({ all: _, systemPrompt: __, ...rest }: CallView): CallSummary => rest

/** The system prompt of the first request, if it has one. */
export const systemPromptOf = (requests: ReadonlyArray<Recording.ModelRequest>): string | undefined => {
  const content = requests[0]?.prompt.find((message) => message["role"] === "system")?.["content"]
  return typeof content === "string" ? content : undefined
}

const turnsOf = (lines: ReadonlyArray<Recording.Line>): Array<BuildingTurn> => {
  const turns: Array<BuildingTurn> = []
  const tags = new Map<string, string>()
  let said: Array<string> = []
  const last = () => turns.at(-1)
  const turnOf = (number: number) => turns.find(({ turn }) => turn === number)
  // Heard words belong to the turn that last sent words.
  const speaking = () => turns.findLast(({ sent }) => sent !== "")

  for (const line of lines) {
    switch (line._tag) {
      case "Reported": {
        const { report } = line
        const id = line.eventId ?? report.eventId
        if (id !== undefined) tags.set(id, report._tag)
        if (report._tag === "UserTextSent") said.push(report.content)
        else if (report._tag === "UserDtmfSent") said.push(`[${report.button}]`)
        else if (report._tag === "UserTurnEnded" && report.content !== undefined) said = [report.content]
        else if (report._tag === "AgentTextSent") hear(speaking(), report.content, line.at)
        break
      }
      case "Happened":
        tags.set(line.event.eventId, line.event._tag)
        if (line.event._tag === "TurnFailed") {
          const turn = last()
          if (turn !== undefined) turn.failure = line.event.message
        }
        break
      case "TurnStarted":
        turns.push({
          turn: line.turn,
          at: line.at,
          trigger: tags.get(line.trigger) ?? "unknown",
          caller: said.join(" "),
          outcome: "Running",
          sent: "",
          heard: "",
          tools: [],
          requests: [],
          metrics: {}
        })
        said = []
        break
      case "TurnEnded": {
        const turn = turnOf(line.turn)
        if (turn !== undefined) Object.assign(turn, { outcome: line.outcome, ms: line.at - turn.at })
        break
      }
      case "Sent":
      case "Kept":
        send(turnOf(line.turn), line.output, line.at)
        break
      case "CallFailed": {
        const turn = last()
        if (turn !== undefined) turn.failure = line.message
        break
      }
      case "ModelRequested":
      case "ModelReplied":
      case "ModelEnded":
      case "CallClosed":
      case "Floor":
      case "Lost":
        break
      default:
        line satisfies never
    }
  }
  return turns
}

const hear = (turn: BuildingTurn | undefined, words: string, at: number): void => {
  if (turn === undefined) return
  turn.firstHeardMs ??= at - turn.at
  turn.heard = `${turn.heard} ${words}`.replace(/\s+/g, " ").trim()
}

const send = (turn: BuildingTurn | undefined, output: Event.Output, at: number): void => {
  if (turn === undefined) return
  switch (output._tag) {
    case "AgentSendText":
      turn.firstSentMs ??= at - turn.at
      turn.sent += output.text
      break
    case "AgentToolCalled":
      turn.tools.push({ id: output.toolCallId, name: output.toolName, args: output.toolArgs, at })
      break
    case "AgentToolReturned": {
      const tool = turn.tools.find(({ id }) => id === output.toolCallId)
      if (tool !== undefined) Object.assign(tool, { result: output.result, ms: at - tool.at })
      break
    }
    case "LogMetric":
      turn.metrics[output.name] = output.value
      break
    case "AgentSendDtmf":
    case "AgentEndCall":
    case "AgentTransferCall":
    case "AgentUpdateCall":
    case "AgentSendCustom":
    case "LogMessage":
      break
    default:
      output satisfies never
  }
}

const requestOf = ({
  at,
  end,
  method,
  prompt,
  replies,
  request,
  settings,
  tools
}: Recording.ModelRequest): RequestView => {
  let text = ""
  let model: string | undefined
  let firstMs: number | undefined
  let tokens: Usage.Tokens | undefined
  const calls: Array<{ readonly name: string; readonly args: unknown }> = []
  for (const reply of replies) {
    for (const part of reply.parts as ReadonlyArray<unknown> as ReadonlyArray<Response.StreamPartEncoded>) {
      switch (part.type) {
        case "text-delta":
          text += part.delta
          firstMs ??= reply.at - at
          break
        case "tool-call":
          calls.push({ name: part.name, args: part.params })
          firstMs ??= reply.at - at
          break
        case "response-metadata":
          model = part.modelId ?? undefined
          break
        case "finish":
          tokens = Usage.ofFinish(part.usage)
          break
      }
    }
  }
  const cost =
    model === undefined || tokens === undefined
      ? undefined
      : Prices.costOf(Prices.list, { provider: "", model }, tokens)
  return {
    request,
    at,
    method,
    prompt,
    tools,
    settings,
    model,
    text,
    calls,
    outcome: end?.outcome ?? "Running",
    error: end?.error,
    firstMs,
    ms: end === undefined ? undefined : end.at - at,
    tokens,
    cost
  }
}

/**
 * The measurements, the same for all peers. Each task checks that the peer has done what is measured: the number and
 * the text of the tokens, and how much of the history reached the provider.
 */
import type { Seen } from "../modelServer.ts"
import { median, now, quantile } from "../report.ts"
import type { Peer, Session, Tool } from "./peer.ts"

const tokens = 40
const question = "Where is my order, please?"
const systemPrompt = "Be brief."
const expected = Array.from({ length: tokens }, (_, i) => `token${i} `).join("")

/** A peer, and the provider it should ask. */
export interface Bench {
  readonly peer: Peer
  readonly baseUrl: string
}

const noTool: Tool = { run: () => Promise.reject(new Error("the tool was not asked for")) }
const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))
const open = ({ baseUrl, peer }: Bench, model: string, tool: Tool = noTool) =>
  peer.open({ baseUrl, model, systemPrompt, tool })
const seen = async ({ baseUrl }: Bench): Promise<Seen> => (await fetch(`${baseUrl}/seen`)).json() as Promise<Seen>

const must = (holds: boolean, what: string) => {
  if (!holds) throw new Error(what)
}

/** A turn whose text is known. */
const turn = async (session: Session) => {
  const heard: Array<string> = []
  await session.turn(question, (token) => void heard.push(token))
  must(heard.length === tokens && heard.join("") === expected, `heard ${heard.length} tokens: ${heard.join("")}`)
}

const cpuMs = (since?: NodeJS.CpuUsage) => {
  const { system, user } = process.cpuUsage(since)
  return (system + user) / 1000
}

const tellTool = (durationMs: number) => {
  let began = () => {}
  const tool = {
    toldAt: 0,
    runs: 0,
    started: new Promise<void>((resolve) => (began = resolve)),
    run: (signal?: AbortSignal) =>
      new Promise<string>((resolve, reject) => {
        tool.runs++
        const timer = setTimeout(() => resolve("waited"), durationMs)
        signal?.addEventListener("abort", () => {
          tool.toldAt = now()
          clearTimeout(timer)
          reject(new Error("cancelled"))
        })
        began()
      })
  }
  return tool
}

/** Checks, before anything is measured, that the peer does what will be. */
const check = async (bench: Bench) => {
  const talk = await open(bench, "quick")
  for (let i = 1; i <= 3; i++) {
    await turn(talk)
    const { characters, messages } = await seen(bench)
    must(messages === 2 * i, `${messages} messages in the prompt of turn ${i}`)
    must(characters > (i - 1) * (expected.length - 1 + question.length), `${characters} characters in turn ${i}`)
  }
  await talk.end()
  const tool = tellTool(5)
  const user = await open(bench, "tool", tool)
  await turn(user)
  const { lastToolResult } = await seen(bench)
  must(tool.runs === 1 && lastToolResult?.includes("waited") === true, `the model read ${lastToolResult}`)
  await user.end()
}

/** Processor time of one of the first turns of a session, in microseconds. */
const shortTurns = async (bench: Bench, { sessions, turns }: { readonly sessions: number; readonly turns: number }) => {
  const open_: Array<Session> = []
  for (let i = 0; i < sessions; i++) open_.push(await open(bench, "quick"))
  await pause(50)
  const before = process.cpuUsage()
  for (const session of open_) for (let i = 0; i < turns; i++) await turn(session)
  const cpu = cpuMs(before)
  await Promise.all(open_.map((session) => session.end()))
  return { us: (1000 * cpu) / (sessions * turns) }
}

/** Processor time and duration of a turn around several positions of one session. */
const growth = async (
  bench: Bench,
  { places, width }: { readonly places: ReadonlyArray<number>; readonly width: number }
) => {
  const session = await open(bench, "quick")
  const at: Record<number, { readonly us: number; readonly ms: number }> = {}
  let played = 0
  for (const place of places) {
    for (; played < place - width / 2; played++) await turn(session)
    const before = process.cpuUsage()
    const begin = now()
    for (let i = 0; i < width; i++) await turn(session)
    played += width
    at[place] = { us: (1000 * cpuMs(before)) / width, ms: (now() - begin) / width }
    const { messages } = await seen(bench)
    must(messages === 2 * played, `${messages} messages in the prompt of turn ${played}`)
  }
  await session.end()
  return at
}

/** Milliseconds until the provider has the request, and from its first token to the peer's. */
const firstToken = async (bench: Bench, { turns }: { readonly turns: number }) => {
  const request: Array<number> = []
  const token: Array<number> = []
  for (let i = 0; i < turns; i++) {
    const session = await open(bench, "first")
    await pause(20)
    for (let k = 0; k < 2; k++) {
      let count = 0
      const askedAt = now()
      await session.turn(question, (text) => {
        if (count++ > 0) return
        const [receivedAt, writtenAt] = text.split(":").map(Number)
        token.push(now() - writtenAt!)
        request.push(receivedAt! - askedAt)
      })
      must(count === tokens, `heard ${count} tokens`)
    }
    await session.end()
  }
  return { request: median(request), token: median(token), added: median(request.map((time, i) => time + token[i]!)) }
}

/** Concurrent conversations, each with a token every 20 ms: how late tokens arrive, and what a turn costs. */
const concurrent = async (bench: Bench, { conversations }: { readonly conversations: number }) => {
  const sessions: Array<Session> = []
  for (let i = 0; i < conversations; i++) sessions.push(await open(bench, "stamped"))
  await pause(100)
  const late: Array<number> = []
  const before = process.cpuUsage()
  const begin = now()
  await Promise.all(
    sessions.map(async (session) => {
      let count = 0
      await session.turn(question, (text) => {
        count++
        late.push(now() - Number(text))
      })
      must(count === tokens, `heard ${count} tokens`)
    })
  )
  const wallMs = now() - begin
  const us = (1000 * cpuMs(before)) / conversations
  await Promise.all(sessions.map((session) => session.end()))
  return { wallMs, us, p50: median(late), p99: quantile(late, 0.99) }
}

/** The user speaks in the middle of an answer: milliseconds until the turn has ended, and until the provider knows. */
const interruptText = async (bench: Bench, { count }: { readonly count: number }) => {
  const settled: Array<number> = []
  const closed: Array<number> = []
  let after = 0
  for (let i = 0; i < count; i++) {
    const session = await open(bench, "endless")
    let heard = 0
    let spokenAt = Number.POSITIVE_INFINITY
    const answer = session.turn(question, () => {
      heard++
      if (now() > spokenAt) after++
    })
    while (heard < 5) await pause(1)
    await pause(Math.random() * 20)
    spokenAt = now()
    session.interrupt()
    await answer
    settled.push(now() - spokenAt)
    while ((await seen(bench)).open > 0 && now() - spokenAt < 2000) await pause(1)
    closed.push(now() - spokenAt)
    await session.end()
  }
  return { p50: median(settled), max: Math.max(...settled), closed: median(closed), after: after / count }
}

/** What the next prompt says about a tool call that was interrupted. */
const outcome = ({ lastToolResult, toolCalls, unanswered }: Seen) =>
  toolCalls === 0 ? "nothing" : unanswered > 0 ? "a call without result" : `result: ${lastToolResult}`.slice(0, 60)

/** The same during a tool that takes a second, 50 ms after it began. */
const interruptTool = async (bench: Bench, { count }: { readonly count: number }) => {
  const settled: Array<number> = []
  const told: Array<number> = []
  let next = ""
  for (let i = 0; i < count; i++) {
    let tool = tellTool(1000)
    const session = await open(bench, "tool", { run: (signal) => tool.run(signal) })
    const answer = session.turn(question, () => must(false, "heard something before the tool was done"))
    await tool.started
    await pause(50)
    const spokenAt = now()
    session.interrupt()
    await answer
    settled.push(now() - spokenAt)
    if (tool.toldAt > 0) told.push(tool.toldAt - spokenAt)
    tool = tellTool(5)
    const later = turn(session).catch((error: unknown) => must(next !== "", String(error)))
    await Promise.race([tool.started, later])
    next = outcome(await seen(bench))
    await later
    await session.end()
  }
  return {
    p50: median(settled),
    max: Math.max(...settled),
    told: told.length / count,
    toldMs: told.length === 0 ? undefined : median(told),
    next
  }
}

/** Milliseconds to end a session, after one turn. */
const end = async (bench: Bench, { count }: { readonly count: number }) => {
  const times: Array<number> = []
  for (let i = 0; i < count; i++) {
    const session = await open(bench, "quick")
    await turn(session)
    await pause(5)
    const begin = now()
    await session.end()
    times.push(now() - begin)
  }
  return { p50: median(times), max: Math.max(...times) }
}

const heap = () => {
  // Twice, because objects with a finalizer are freed by the second collection.
  void global.gc?.()
  void global.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return { heapUsed, rss }
}

/** Memory of an idle session that has answered once, in KB. The same number was opened and closed before. */
const idle = async (bench: Bench, { sessions }: { readonly sessions: number }) => {
  const openAll = async () => {
    const all: Array<Session> = []
    for (let i = 0; i < sessions; i++) {
      const session = await open(bench, "quick")
      await turn(session)
      all.push(session)
    }
    return all
  }
  const endAll = async (all: ReadonlyArray<Session>) => {
    await Promise.all(all.map((session) => session.end()))
    await pause(500)
  }
  const fresh = heap()
  const first = await openAll()
  const grown = heap()
  await endAll(first)
  first.length = 0
  const before = heap()
  const second = await openAll()
  await pause(200)
  const after = heap()
  await endAll(second)
  const kb = (bytes: number) => bytes / sessions / 1024
  return { heap: kb(after.heapUsed - before.heapUsed), rss: kb(grown.rss - fresh.rss) }
}

export const tasks = { check, shortTurns, growth, firstToken, concurrent, interruptText, interruptTool, end, idle }
export type Tasks = typeof tasks
export type Name = keyof Tasks
export type Result<N extends Name> = Awaited<ReturnType<Tasks[N]>>
export type Arguments<N extends Name> = Parameters<Tasks[N]>[1]

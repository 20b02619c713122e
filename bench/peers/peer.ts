/** What is asked of a peer: so little that each can do it in its own way, and so much that a phone call could be run on it. */

/** A tool without arguments, called `wait`. */
export interface Tool {
  /** Runs it. A peer that can tell a tool of an interruption does so with the signal. */
  readonly run: (signal?: AbortSignal) => Promise<string>
}

export interface Options {
  /** Address of the chat completions, without a slash at its end. */
  readonly baseUrl: string
  /** A model of `modelServer.ts`. */
  readonly model: string
  readonly systemPrompt: string
  /** Every session offers it to the model. */
  readonly tool: Tool
}

/** A conversation, with its history kept as the peer keeps it. */
export interface Session {
  /** Answers a text of the user. Resolves when the next turn may begin, whether this one was finished or interrupted. */
  readonly turn: (text: string, onToken: (token: string) => void) => Promise<void>
  /** The user speaks: the turn in progress is to end. That it has ended is seen by its promise. */
  readonly interrupt: () => void
  /** Ends the conversation. Resolves when nothing of it is left running. */
  readonly end: () => Promise<void>
}

export interface Peer {
  readonly open: (options: Options) => Promise<Session>
}

/** A message as chat completions have it, for peers that leave the history to the application. */
export const userMessage = (content: string) => ({ role: "user" as const, content })

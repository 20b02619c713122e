/** What a peer must do: little enough that each can do it in its own way, and enough to run a phone call on it. */

/** A tool without arguments, called `wait`. */
export interface Tool {
  /** Runs it. A peer that can tell a tool about an interruption does so with the signal. */
  readonly run: (signal?: AbortSignal) => Promise<string>
}

export interface Options {
  /** Address of the chat completions, without a trailing slash. */
  readonly baseUrl: string
  /** A model of `modelServer.ts`. */
  readonly model: string
  readonly systemPrompt: string
  /** Every session offers it to the model. */
  readonly tool: Tool
}

/** A conversation, with its history kept in the peer's own way. */
export interface Session {
  /**
   * Answers a text of the user. Resolves when the next turn may begin, whether this one was completed or interrupted.
   */
  readonly turn: (text: string, onToken: (token: string) => void) => Promise<void>
  /** The user speaks, and the turn in progress should end. Its promise shows when it has. */
  readonly interrupt: () => void
  /** Ends the conversation. Resolves when nothing of it is left running. */
  readonly end: () => Promise<void>
}

export interface Peer {
  readonly open: (options: Options) => Promise<Session>
}

/** A message of chat completions, for peers that leave the history to the application. */
export const userMessage = (content: string) => ({ role: "user" as const, content })

/** Calls a voice agent from a web page: the microphone goes to the agent, its voice to the loudspeaker. */

/** How a call is opened. */
export interface CallOptions {
  /** The server's token, where it wants one. */
  readonly token?: string | undefined
  /** Id of the call. The server makes one by default. */
  readonly callId?: string | undefined
  /** The agent that is meant, for servers with several. */
  readonly agentId?: string | undefined
  /** Passed to the agent with the request of the call. */
  readonly metadata?: { readonly [key: string]: unknown } | undefined
  /** Rate of both directions. 16000 by default. */
  readonly sampleRateHz?: 8000 | 16000 | 24000 | 48000 | undefined
  /** Whether the microphone is opened at once. True by default; without it the caller types. */
  readonly microphone?: boolean | undefined
  /** The device to use, from `listDevices`. The browser's default otherwise. */
  readonly microphoneId?: string | undefined
  readonly muted?: boolean | undefined
  /** The browser takes the agent's own voice out of the microphone. True by default. */
  readonly echoCancellation?: boolean | undefined
  readonly noiseSuppression?: boolean | undefined
  readonly autoGainControl?: boolean | undefined
  /** The user wears headphones, so nothing of the agent's voice comes back. False by default. */
  readonly headphones?: boolean | undefined
  /** Is told every event from the first on, with its name. */
  readonly onEvent?: ((event: never, name: string) => void) | undefined
  /** Hangs up when it is aborted, once the agent is on the line. */
  readonly signal?: AbortSignal | undefined
}

/** What became of the call. `code` is that of the socket; 4000 if the server stopped answering. */
export interface Closed {
  readonly code: number
  readonly reason: string
  readonly byUs: boolean
  readonly wasOpen: boolean
  /** In words, for the user. */
  readonly meaning: string
}

/** What a call tells, by name. Times are in milliseconds. */
export interface Events {
  /** Words of the caller, as they are recognised. A later one that is not final replaces it. */
  readonly transcript: { readonly text: string; readonly final: boolean }
  readonly user_turn: { readonly state: "started" | "tentative" | "ended" | "abandoned" }
  /** Words that the agent wants to say. */
  readonly agent_text: { readonly turn: number; readonly text: string }
  /** Words of the agent that the caller has heard. What of `agent_text` never comes here was cut. */
  readonly agent_heard: { readonly turn: number; readonly text: string }
  readonly agent_turn: {
    readonly turn: number
    readonly state: "started" | "completed" | "cancelled" | "failed"
  }
  readonly tool: { readonly turn: number; readonly name: string; readonly running: boolean }
  /** Where the time of an answer went, from the end of the caller's speech. */
  readonly latency: {
    readonly turn: number
    readonly end_of_turn_ms?: number
    readonly first_text_ms?: number
    readonly first_audio_ms?: number
    readonly first_heard_ms?: number
  }
  /** How many samples of a stream were played: exact if `cleared`. */
  readonly played: {
    readonly generation: number
    readonly stream: number
    readonly samples: number
    readonly cleared: boolean
  }
  /** What the agent is saying was cut, or paused. */
  readonly clear: { readonly generation: number; readonly stream: number }
  readonly microphone: { readonly state: "on" | "off" | "lost"; readonly detail: string }
  /** The agent presses keys. A page may sound them. */
  readonly dtmf: { readonly buttons: string }
  /** The agent transfers the call. A page may dial. */
  readonly transfer: { readonly target_phone_number: string }
  readonly custom: { readonly metadata: { readonly [key: string]: unknown } }
  /** Something that was sent was wrong; the call goes on. */
  readonly warning: { readonly code: string; readonly detail: string }
  /** Something was wrong, and the call ends with it. */
  readonly error: { readonly code: string; readonly detail: string }
  /** The agent's side has hung up. `closed` follows once what was said has been played. */
  readonly bye: { readonly reason: string }
  readonly closed: Closed
}

/** A call that is open. */
export interface Call {
  readonly callId: string
  /** What the server says of itself, such as which recogniser and voice are in use. */
  readonly about: { readonly [key: string]: unknown }
  /** Listens, and gives a function that stops listening. `*` hears everything. */
  readonly on: {
    <Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void
    (name: "*", listener: (event: unknown, name: string) => void): () => void
  }
  /** Root mean square of the last moment, 0 to 1. Read it as often as you draw. */
  readonly levels: { readonly caller: number; readonly agent: number }
  /** Resolves when the call is over, and never rejects. */
  readonly closed: Promise<Closed>
  readonly isMuted: boolean
  readonly isMicrophoneOn: boolean
  /** Whether the browser plays nothing until the user clicks. Call `resume` in that click. */
  readonly isBlocked: boolean
  readonly resume: () => Promise<void>
  /** 1 as it comes, 0 for silence. What is played silently still counts as played. */
  readonly setVolume: (gain: number) => void
  /** Fails where the browser cannot choose. */
  readonly setLoudspeaker: (deviceId: string) => Promise<void>
  /** Opens another microphone, or the one that was lost or off. What became of it is told by `microphone`. */
  readonly setMicrophone: (deviceId?: string) => Promise<void>
  readonly closeMicrophone: () => Promise<void>
  /** Sends silence in place of the microphone. */
  readonly mute: (on?: boolean) => void
  /** Says something by text. */
  readonly say: (text: string) => void
  /** Push to talk: the key is held, or let go. */
  readonly talk: (pressed: boolean) => void
  /** Presses a key: 0 to 9, `*` or `#`. */
  readonly press: (button: string) => void
  /** Sends a message of the application's own making. */
  readonly send: (metadata: { readonly [key: string]: unknown }) => void
  readonly hangUp: () => Promise<Closed>
}

/** The server did not take the call. */
export declare class CallError extends Error {
  /** Close code of the socket, or the code of the server's error. */
  readonly code: number | string
}

/** Opens a call. Resolves when the agent is on the line, rejects with `CallError`. `url` may be relative to the page. */
export declare const call: (url: string | URL, options?: CallOptions) => Promise<Call>

/** A device. Its label is empty until the page may use a microphone. */
export interface Device {
  readonly deviceId: string
  readonly label: string
}

/** The microphones and loudspeakers there are. */
export declare const listDevices: () => Promise<{
  readonly microphones: ReadonlyArray<Device>
  readonly loudspeakers: ReadonlyArray<Device>
}>

/**
 * Tokens of chat templates in texts of others. Servers of open models read them in any text, so that a document with
 * `<|im_end|>` in it would end the message it stands in.
 */

// `<|im_end|>`, DeepSeek's in wide letters, `</s>`, `<end_of_turn>`, `<extra_id_1>`, `<<SYS>>`.
const angle =
  /<(?=\|[^|<>\s]{1,64}\|>|\uff5c[^\uff5c<>\s]{1,64}\uff5c>|\/?(?:s|bos|eos|eot|eod|pad|unk|mask|sop|eop|endoftext|think|tool_call|tool_response)>|(?:start|end)_of_(?:turn|image)>|(?:extra_id|SPECIAL|reserved|unused|fim|seed)[_:]?\w{1,24}>|<\/?SYS>>)/g

// Mistral's `[INST]`, and MiniMax's, which look like `]~b]` and `[e~[`.
const square =
  /\[(?=\/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|MODEL_SETTINGS|ARGS|CALL_ID|THINK|BOS|EOS|gMASK|IMG)\]|e~\[)|\](?=~)/g

/** A text in which no token of a template begins. */
export const broken = (text: string): string =>
  text.replace(angle, "‹").replace(square, (bracket) => (bracket === "[" ? "(" : ")"))

/**
 * The words that providers use in their errors. Words that are not here may be a caller's, or part of a key, and are not
 * repeated.
 *
 * @since 0.1.0
 */

const words = `
a about above absolute accept accepted accepts access account accounts action active actual add additional address after again against
aggregate all allow allowed allows already also alternate alternating always am an and another answer any api app application
apply are argument arguments array as ask assistant associated at attempt audience authentication authenticated
authorization authorized auto available average await away azure back backend bad balance base based be because been before begin
being belong below beta between beyond big billed billing binding blank block blocked blocks body boolean both budget budgets busy but by bytes cache
call called calling calls can cannot canceled cancelled capacity card case cause caused challenge change changed channel character characters charge chat
check child choice choices chosen choose chunk claude clear client close closed code com combination come comes common company
compatible complete completed completion completions conflict connect connected connection console constraint contact contain contained
containing contains content context continue control conversation convert correct correctly corresponding cost could count country
create created credential credentials credit credits current currently custom data database date day days deadline declared decommissioned default
deepseek defined definition delay denied deployment deployments deprecated deprecation description deserialize detail details detected developer developers did different
directly disabled discontinued do docs document documentation does doesn domain done down due duplicate during each edit effort either
element email empty enable enabled encountered encountering end ended ending endpoint endpoints engine enough ensure entity enum environment equal error errors
escalate even event ever every exact exactly example exceed exceeded exceeds except exceptions exhausted exist existing exists
expect expected experience experiencing expired external extra extremely failed failure false feature feedback few field fields file files filter
filtered filtering filters final find finish first fit fix float follow followed following for forbidden format found free
frequency from full function functions gateway gemini generate generated generating generation get given global go google granted greater grok groq group guide
had handle has have header headers heavy help here high higher history hit host hour hours how however http https id identifier if ignored image images immediately
implement implemented in include included includes including incomplete incorrect increase individual inference information initialize inner input inputs insert inside
install instance instead instruction instructions insufficient integer interface internal into invalid invalidated invalidation is isn issue issues it
item items its itself json just keep key keys kind know known language large larger last later latest learn least left length less
level like likely limit limited limits line list load loaded loading local location log logged logprobs long longer low lower
made make making malformed manage management many map match matches max maximum may me mean medium member memory message messages metadata
method min minimal minimum minute minutes missing mistral mode model models moderation modified modify monthly more most much
multiple multi must my name named names near need needed needs network new next no non none not nothing null number numbers object objects obtain occurred of
off ok old older on once one ones only open openai openrouter operation option optional options or order org organization organizational other others otherwise our out outage output
outside over overall overload overloaded own owner page parallel parameter parameters parent parse parsed parsing part partially parts pass passed
path pay payload payment penalty pending per percent perform performance performed period permission permissions permitted phase plan plans platform
please point policies policy position positive possible post pre preceding prefill prefix premium presence present preview previous pricing priority private problem proceed process
processed processing product production profile project prompt prompts properties property provide provided provider providers provides public purchase put
quality query question queue quota quotas range rate rates raw reach reached read reading reason reasoning received recent recently recharge reduce reducing
refer reference refresh refused region register rejected related release remain remaining remove removed repeat replace replaced replacement
report request requested requesting requests require required requirement requires reset resource resources respond responding response responses rest restart
restricted result results resume retire retired retry return returned review right role roles root route rpm run running safety same sampling
say scale schedule scheduled schema scope search second seconds section see seem select send sending sent sequence sequences server servers service services session set setting settings
setup several shape short shorter should shut sign signature similar simply since single size slow small so some something soon
specific specified specify speed stage standard start started state statement status still stop stopped store stream streaming
strict string strings structure structured subject submit submitted subscription successfully such suffix suggestion summary support supported supporting supports sure
suspended switch syntax system systems table take taken target team temperature template temporarily temporary terminated terms text than that the their them
then there these they thing think thinking this those thought thoughts three threshold through throughput tier time timed timeout times to together token tokens
too took tool tools top total tpm tpd rpd traffic transaction tried trouble true trust try trying turn turns two type types unable
unauthenticated unauthorized unavailable under undefined unexpected unexpectedly unfortunately unique unknown unless unprocessable unrecognized unsupported until up update
updated upgrade upon upper upstream url usage use used user users uses using utf valid validate validation value values verification verified verify version versions via
view violate violated violates violation violations visit wait want was way we web website week well were what when where whether which while who
will window with within without won word words work worker working workload workspace would write written wrong xai you your zero
ai agentrouter agents anthropic aws bedrock bytedance cerebras cloudflare cohere cloud deepinfra fireworks github litellm llama lmstudio meta moonshot nvidia
ollama perplexity qwen replicate sambanova vertex vllm sonnet haiku opus gpt mini nano pro flash lite turbo instruct plus oss kimi glm
alpha automatic automatically backoff bearer body blacklisted burst compliance concurrency concurrent consider consult cooldown daily decode demand desired dimension
distinct edge eligible embedding encode encoded enforce equals exceedance exclusive experimental explicit expose extend fall fetch fewer forced forward fraction
gb guardrail guidelines hardware hate harm harmful hosting inclusive inactive indicate individually inspect intermediate interval json_schema jailbreak lack leak length-limit
limitation max_tokens max_completion_tokens mismatch moderate multimodal mutual negative nested none-empty offline optionally overflow own overlap owner paid parser permanently permit plaintext
precision prepaid provisioned quantized rather regional reject renew reserved retrying revoked saturated scopes seed self sexual shared shutdown sized
index indices recommend recommendation recommended resulted optionally allowlist assign assigned balancer channelid contacting
contacted decrease deducted downgrade exceedingly fully greatly insufficiently plus retryable sooner sign signed sorry unexpectedly verifying zone
adjust admin allocated arn batch batches calculate calculated degraded dev draft extraneous fails generative got governor k library newly original p publisher
recognized redacted reformat registry routing row security selected serving signing split struct supplied supply top triggering unmarshal visiting vram works xhigh yet
spend spending subset substitute suitable surge syntax throttled throttling tier tokenizer truncated truncate unhealthy unlimited unreachable unsafe
`

const vocabulary: ReadonlySet<string> = new Set(words.split(/\s+/).filter(Boolean))

/** Whether a word is one of a provider's own. Plurals and contractions of its words are, too. */
export const has = (word: string): boolean => {
  const lower = word.toLowerCase().replace(/['’](?:s|t|re|ve|ll|d|m)$/, "")
  return vocabulary.has(lower) || (/[ns]$/.test(lower) && vocabulary.has(lower.slice(0, -1)))
}

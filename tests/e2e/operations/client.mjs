// Every operation with the official JavaScript SDKs; prints what each returned, a JSON line a case.
//   node client.mjs BASE_URL
import Anthropic from "@anthropic-ai/sdk";
import OpenAI, { toFile } from "openai";

const base = process.argv[2];
const question = [{ role: "user", content: "Why is the sky blue?" }];
const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const format = { type: "json_schema", json_schema: { name: "weather", schema } };
const tools = [{ type: "function", function: { name: "get_weather", parameters: schema } }];
const named = (name) => ({ headers: { "x-case": `js-${name}` } });

// Absent and null are one: a stream that was asked for its usage has `usage: null` in each chunk.
const withoutNulls = (key, value) => (value === null || key === "_request_id" ? undefined : value);
const say = (name, result) => console.log(JSON.stringify({ case: name, result }, withoutNulls));

async function all(stream, most = Infinity) {
  const events = [];
  for await (const event of stream) {
    events.push(event);
    if (events.length >= most) break;
  }
  return events;
}

async function withOpenAI() {
  const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "sk-e2e", maxRetries: 0 });
  const ask = { model: "gpt-4o-mini", messages: question };
  const chat = client.chat.completions;
  say("chat", await chat.create(ask, named("chat")));
  say("chat-tools", await chat.create({ ...ask, tools }, named("chat-tools")));
  say("chat-parse", await chat.parse({ ...ask, response_format: format }, named("chat-parse")));
  const streams = {
    "chat-stream": {},
    "chat-stream-usage": { stream_options: { include_usage: true } },
    "chat-stream-no-usage": { stream_options: { include_usage: false } },
    "chat-stream-tools": { tools },
  };
  for (const [name, options] of Object.entries(streams)) {
    say(name, await all(await chat.create({ ...ask, stream: true, ...options }, named(name))));
  }
  const broken = await chat.create({ ...ask, stream: true }, named("chat-break"));
  say("chat-break", await all(broken, 3));

  const complete = { model: "gpt-3.5-turbo-instruct", prompt: "Hi" };
  say("completions", await client.completions.create(complete, named("completions")));
  const respond = { model: "gpt-5-mini", input: "Why is the sky blue?" };
  say("responses", await client.responses.create(respond, named("responses")));
  const stream = await client.responses.create({ ...respond, stream: true }, named("responses-stream"));
  say("responses-stream", await all(stream));
  const later = { ...respond, background: true };
  const queued = await client.responses.create(later, named("background"));
  say("responses-background", queued);
  for (const time of ["first", "second"]) {
    const found = await client.responses.retrieve(queued.id, {}, named("background"));
    say(`responses-${time}-look`, found);
  }

  const embed = { model: "text-embedding-3-small", input: "Why is the sky blue?" };
  say("embeddings", await client.embeddings.create(embed, named("embeddings")));
  const draw = { model: "gpt-image-1", prompt: "A blue sky" };
  say("images", await client.images.generate(draw, named("images")));
  const speak = { model: "tts-1", voice: "alloy", input: "The sky is blue." };
  const spoken = await client.audio.speech.create(speak, named("speech"));
  say("speech", Buffer.from(await spoken.arrayBuffer()).toString("hex"));
  const file = await toFile(Buffer.alloc(800, 1), "sky.mp3", { type: "audio/mpeg" });
  const hear = { model: "gpt-4o-mini-transcribe", file };
  say("transcription", await client.audio.transcriptions.create(hear, named("transcription")));
  say("moderations", await client.moderations.create({ input: "Hello" }, named("moderations")));
  const handIn = { input_file_id: "file-1", endpoint: "/v1/chat/completions", completion_window: "24h" };
  say("batches", await client.batches.create(handIn, named("batches")));
  say("batches-look", await client.batches.retrieve("batch_1", named("batches-look")));
  say("models", await all(await client.models.list(named("models"))));
}

async function withAnthropic() {
  const client = new Anthropic({ baseURL: base, apiKey: "sk-e2e", maxRetries: 0 });
  const ask = { model: "claude-haiku-4-5", messages: question, max_tokens: 99 };
  const tool = { tools: [{ name: "get_weather", input_schema: schema }] };
  const { messages } = client;
  say("messages", await messages.create(ask, named("messages")));
  say("messages-tools", await messages.create({ ...ask, ...tool }, named("messages-tools")));
  for (const [name, options] of Object.entries({ "messages-stream": {}, "messages-stream-tools": tool })) {
    say(name, await all(await messages.create({ ...ask, stream: true, ...options }, named(name))));
  }
  const final = messages.stream(ask, named("messages-stream-final"));
  say("messages-stream-final", await final.finalMessage());
  const broken = await messages.create({ ...ask, stream: true }, named("messages-break"));
  say("messages-break", await all(broken, 4));
  const count = { model: ask.model, messages: question };
  say("count-tokens", await messages.countTokens(count, named("count-tokens")));
  const requests = [{ custom_id: "one", params: ask }];
  say("message-batches", await messages.batches.create({ requests }, named("message-batches")));
}

await withOpenAI();
await withAnthropic();

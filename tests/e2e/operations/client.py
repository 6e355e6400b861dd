"""Every operation with the official Python SDKs; prints what each returned, a JSON line a case.

    client.py BASE_URL
"""

import json
import sys

import anthropic
import openai
from pydantic import BaseModel

BASE = sys.argv[1]
QUESTION = [{"role": "user", "content": "Why is the sky blue?"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION = {"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}
TOOL = {"name": "get_weather", "input_schema": SCHEMA}


class Weather(BaseModel):
    city: str
    degrees: int


def plain(value):
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, bytes):
        return value.hex()
    return value


def say(case, result):
    print(json.dumps({"case": case, "result": plain(result)}, sort_keys=True), flush=True)


def named(case):
    return {"extra_headers": {"x-case": case}}


def with_openai():
    client = openai.OpenAI(base_url=f"{BASE}/v1", api_key="sk-e2e", max_retries=0)
    ask = {"model": "gpt-4o-mini", "messages": QUESTION}
    chat = client.chat.completions
    say("chat", chat.create(**ask, **named("py-chat")))
    say("chat-tools", chat.create(**ask, tools=[FUNCTION], **named("py-chat-tools")))
    say("chat-parse", chat.parse(**ask, response_format=Weather, **named("py-chat-parse")))
    usage = {"stream_options": {"include_usage": True}}
    refused = {"stream_options": {"include_usage": False}}
    for case, options in [("", {}), ("-usage", usage), ("-no-usage", refused), ("-tools", {"tools": [FUNCTION]})]:
        case = f"chat-stream{case}"
        stream = chat.create(**ask, stream=True, **options, **named(f"py-{case}"))
        say(case, [plain(chunk) for chunk in stream])
    with chat.create(**ask, stream=True, **named("py-chat-break")) as stream:
        say("chat-break", [plain(next(stream)) for _ in range(3)])

    say("completions", client.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hi", **named("py-completions")))
    respond = {"model": "gpt-5-mini", "input": "Why is the sky blue?"}
    say("responses", client.responses.create(**respond, **named("py-responses")))
    say("responses-parse", client.responses.parse(**respond, text_format=Weather, **named("py-responses-parse")))
    stream = client.responses.create(**respond, stream=True, **named("py-responses-stream"))
    say("responses-stream", [plain(event) for event in stream])
    queued = client.responses.create(**respond, background=True, **named("py-background"))
    say("responses-background", queued)
    for time in ("first", "second"):
        say(f"responses-{time}-look", client.responses.retrieve(queued.id, **named("py-background")))

    embed = {"model": "text-embedding-3-small", "input": "Why is the sky blue?"}
    say("embeddings", client.embeddings.create(**embed, **named("py-embeddings")))
    say("images", client.images.generate(model="gpt-image-1", prompt="A blue sky", **named("py-images")))
    spoken = client.audio.speech.create(model="tts-1", voice="alloy", input="The sky is blue.", **named("py-speech"))
    say("speech", spoken.content)
    heard = ("sky.mp3", b"\x00\x01" * 400, "audio/mpeg")
    transcribe = client.audio.transcriptions.create
    say("transcription", transcribe(model="gpt-4o-mini-transcribe", file=heard, **named("py-transcription")))
    say("moderations", client.moderations.create(input="Hello", **named("py-moderations")))
    handed_in = {"input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    say("batches", client.batches.create(**handed_in, **named("py-batches")))
    say("batches-look", client.batches.retrieve("batch_1", **named("py-batches-look")))
    say("models", [plain(model) for model in client.models.list(**named("py-models"))])


def with_anthropic():
    client = anthropic.Anthropic(base_url=BASE, api_key="sk-e2e", max_retries=0)
    ask = {"model": "claude-haiku-4-5", "messages": QUESTION, "max_tokens": 99}
    say("messages", client.messages.create(**ask, **named("py-messages")))
    say("messages-tools", client.messages.create(**ask, tools=[TOOL], **named("py-messages-tools")))
    for case, options in [("", {}), ("-tools", {"tools": [TOOL]})]:
        case = f"messages-stream{case}"
        stream = client.messages.create(**ask, stream=True, **options, **named(f"py-{case}"))
        say(case, [plain(event) for event in stream])
    with client.messages.stream(**ask, **named("py-messages-stream-final")) as stream:
        say("messages-stream-final", stream.get_final_message())
    with client.messages.create(**ask, stream=True, **named("py-messages-break")) as stream:
        say("messages-break", [plain(next(stream)) for _ in range(4)])
    count = {key: ask[key] for key in ("model", "messages")}
    say("count-tokens", client.messages.count_tokens(**count, **named("py-count-tokens")))
    requests = [{"custom_id": "one", "params": ask}]
    say("message-batches", client.messages.batches.create(requests=requests, **named("py-message-batches")))


with_openai()
with_anthropic()

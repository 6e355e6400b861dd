"""google-genai, for the Gemini API and for Vertex AI."""

from google import genai
from google.genai import errors, types
from google.oauth2.credentials import Credentials

from .told import QUESTION, whole

FIELDS = (
    "prompt_token_count",
    "tool_use_prompt_token_count",
    "candidates_token_count",
    "thoughts_token_count",
    "cached_content_token_count",
)


def gemini(at, key):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=f"{at}/gemini"))


def vertex(at, key):
    # As on Vertex AI, where a token stands in for the key.
    return genai.Client(
        vertexai=True,
        project="project-id",
        location="us-central1",
        credentials=Credentials(key),
        http_options=types.HttpOptions(base_url=f"{at}/vertex"),
    )


def told(answers):
    """Of a stream each chunk says its fields again, or nothing new. What is zero is left out."""
    last = dict.fromkeys(FIELDS)
    for answer in answers:
        for name in FIELDS:
            last[name] = getattr(answer.usage_metadata, name, None) or last[name]
    read, by_tools, written, thought, cached = last.values()
    return {
        # Some answers name it as a resource.
        "model": (answers[-1].model_version or "").removeprefix("models/") or None,
        "input_tokens": whole(read, by_tools),
        "cache_read_tokens": cached,
        "output_tokens": whole(written, thought, 0),
        "reasoning_tokens": thought,
    }


def generate(client):
    def ask(at, key, exchange):
        ask = {"model": exchange["model"], "contents": QUESTION}
        with client(at, key) as opened:
            if exchange["streaming"]:
                return told(list(opened.models.generate_content_stream(**ask)))
            return told([opened.models.generate_content(**ask)])

    return ask


def embed(at, key, exchange):
    with gemini(at, key) as client:
        answer = client.models.embed_content(model=exchange["model"], contents=QUESTION)
    return {"input_tokens": answer.usage_metadata.prompt_token_count}


def embed_on_vertex(at, key, exchange):
    with vertex(at, key) as client:
        answer = client.models.embed_content(model=exchange["model"], contents=QUESTION)
    return {"input_tokens": answer.embeddings[0].statistics.token_count}


def predict(at, key, _):
    """The client asks older models only by this method; the recorded ones were asked by another client."""
    with vertex(at, key) as client:
        answer = client.models.embed_content(model="text-embedding-005", contents=QUESTION)
    return {"input_tokens": int(sum(vector.statistics.token_count for vector in answer.embeddings))}


def interact(at, key, exchange):
    ask = {"model": exchange["model"], "input": QUESTION}
    with gemini(at, key) as client:
        if not exchange["streaming"]:
            return told_of_interaction(client.interactions.create(**ask))
        return told_of_interaction(list(client.interactions.create(**ask, stream=True))[-1].interaction)


def told_of_interaction(answer):
    usage = answer.usage
    return {
        "model": answer.model,
        "input_tokens": whole(usage.total_input_tokens, usage.total_tool_use_tokens),
        "cache_read_tokens": usage.total_cached_tokens,
        "output_tokens": whole(usage.total_output_tokens, usage.total_thought_tokens),
        "reasoning_tokens": usage.total_thought_tokens,
    }


PLAYS = {
    "gemini.generateContent": generate(gemini),
    "gemini.streamGenerateContent": generate(gemini),
    "gemini.batchEmbedContents": embed,
    "gemini.interactions": interact,
    "vertex.generateContent": generate(vertex),
    "vertex.streamGenerateContent": generate(vertex),
    "vertex.predict": predict,
    "vertex.embedContent": embed_on_vertex,
}
REFUSED = {
    "gemini": (errors.ClientError, generate(gemini)),
    "vertex": (errors.ClientError, generate(vertex)),
}

"""boto3's bedrock-runtime, signed by a key of nobody's."""

import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .told import MESSAGES, QUESTION, whole

CONVERSATION = [{"role": "user", "content": [{"text": QUESTION}]}]
HEADER = "x-amzn-bedrock-{}-token-count"


def client(at, key):
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=f"{at}/bedrock",
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key="nobody's",
        config=Config(retries={"total_max_attempts": 1}),
    )


def told(read, cache_read, cache_write, written):
    """Bedrock counts what was cached beside the input."""
    return {
        "input_tokens": whole(read, cache_read, cache_write),
        "cache_read_tokens": cache_read,
        "cache_write_tokens": cache_write,
        "output_tokens": written,
    }


def of_converse(usage):
    cached = (usage.get("cacheReadInputTokens"), usage.get("cacheWriteInputTokens"))
    return told(usage["inputTokens"], *cached, usage["outputTokens"])


def converse(at, key, exchange):
    return of_converse(client(at, key).converse(modelId=exchange["model"], messages=CONVERSATION)["usage"])


def converse_stream(at, key, exchange):
    answer = client(at, key).converse_stream(modelId=exchange["model"], messages=CONVERSATION)
    usage = [event["metadata"]["usage"] for event in answer["stream"] if "metadata" in event]
    return of_converse(usage[-1])


def invoke(at, key, exchange):
    """The body is the model's own; what the service counted is in the headers."""
    answer = client(at, key).invoke_model(modelId=exchange["model"], body=json.dumps({"messages": MESSAGES}))
    assert json.loads(answer["body"].read())
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    counts = [headers.get(HEADER.format(kind)) for kind in ("input", "cache-read-input", "cache-write-input", "output")]
    return told(*[None if count is None else int(count) for count in counts])


def invoke_stream(at, key, exchange):
    ask = {"modelId": exchange["model"], "body": json.dumps({"messages": MESSAGES})}
    answer = client(at, key).invoke_model_with_response_stream(**ask)
    last = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]][-1]
    counted = last["amazon-bedrock-invocationMetrics"]
    kinds = ("input", "cacheReadInput", "cacheWriteInput", "output")
    return told(*[counted.get(f"{kind}TokenCount") for kind in kinds])


PLAYS = {
    "bedrock.converse": converse,
    "bedrock.converse-stream": converse_stream,
    "bedrock.invoke": invoke,
    "bedrock.invoke-with-response-stream": invoke_stream,
}
REFUSED = {"bedrock": (ClientError, converse)}

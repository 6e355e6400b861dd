//! A record as the journal holds it: the bytes that serde would write, without the way through it.
//!
//! Reading, rows and exports stay with serde; that both say the same is a property below.

use super::json::{Json, OrNull, object, plain};
use super::{
    CallId, CallRecord, CostLine, Flag, LineKind, Origin, Origins, Pricing, Role, StreamEnd,
};
use crate::usage::{SideUsage, TokenUsage, UsageSource};

impl CallRecord {
    /// Appends the record as JSON.
    #[expect(clippy::too_many_lines, reason = "a line for each field, twice")]
    pub fn write_json(&self, out: &mut Vec<u8>) {
        // A new field does not compile until it is written here.
        let Self {
            call_id,
            attempt_of,
            started_at,
            upstream,
            role,
            format,
            operation,
            model_requested,
            model,
            tenant,
            dimensions,
            capability,
            status,
            stream,
            end,
            complete,
            source,
            tokenizer,
            usage:
                TokenUsage {
                    input,
                    cache_read,
                    cache_read_audio,
                    cache_read_image,
                    cache_write,
                    cache_write_5m,
                    cache_write_30m,
                    cache_write_1h,
                    cache_write_12h,
                    output,
                    reasoning,
                    input_audio,
                    output_audio,
                    input_image,
                    input_video,
                    output_image,
                    tool_prompt,
                    accepted_prediction,
                    rejected_prediction,
                    billed_input,
                    billed_output,
                },
            units,
            side,
            pricing,
            cost_native,
            currency,
            cost_usd,
            cost_lines,
            price_id,
            would_cost_usd,
            service_tier,
            speed,
            region,
            origins:
                Origins {
                    service_tier: service_tier_origin,
                    speed: speed_origin,
                    region: region_origin,
                },
            thinking,
            finish_reason,
            response_id,
            request_id,
            ttft_ms,
            duration_ms,
            flags,
        } = self;
        object!(out,
            "call_id": call_id,
            "attempt_of": attempt_of,
            "started_at": started_at,
            "upstream": upstream,
            "role": role,
            "format": format,
            "operation": operation,
            "model_requested": model_requested,
            "model": model,
            "tenant": tenant,
            "dimensions": dimensions,
            "capability": capability,
            "status": status,
            "stream": stream,
            "end": end,
            "complete": complete,
            "source": source,
            "tokenizer": tokenizer,
            "input_tokens": input,
            "cache_read_tokens": cache_read,
            "cache_read_audio_tokens": cache_read_audio,
            "cache_read_image_tokens": cache_read_image,
            "cache_write_tokens": cache_write,
            "cache_write_5m_tokens": cache_write_5m,
            "cache_write_30m_tokens": cache_write_30m,
            "cache_write_1h_tokens": cache_write_1h,
            "cache_write_12h_tokens": cache_write_12h,
            "output_tokens": output,
            "reasoning_tokens": reasoning,
            "input_audio_tokens": input_audio,
            "output_audio_tokens": output_audio,
            "input_image_tokens": input_image,
            "input_video_tokens": input_video,
            "output_image_tokens": output_image,
            "tool_prompt_tokens": tool_prompt,
            "accepted_prediction_tokens": accepted_prediction,
            "rejected_prediction_tokens": rejected_prediction,
            "billed_input_tokens": billed_input,
            "billed_output_tokens": billed_output,
            "units": units,
            "side": side,
            "pricing": pricing,
            "cost_native": cost_native,
            "currency": currency,
            "cost_usd": cost_usd,
            "cost_lines": cost_lines,
            "price_id": price_id,
            "would_cost_usd": would_cost_usd,
            "service_tier": service_tier,
            "speed": speed,
            "region": region,
            "service_tier_origin": service_tier_origin,
            "speed_origin": speed_origin,
            "region_origin": region_origin,
            "thinking": thinking,
            "finish_reason": finish_reason,
            "response_id": response_id,
            "request_id": request_id,
            "ttft_ms": ttft_ms,
            "duration_ms": duration_ms,
            "flags": flags,
        );
    }
}

impl Json for CostLine {
    fn write(&self, out: &mut Vec<u8>) {
        let Self {
            kind,
            model,
            quantity,
            rate,
            times,
            cost_native,
            cost_usd,
        } = self;
        object!(out,
            "kind": kind,
            "model": model,
            "quantity": quantity,
            "rate": rate,
            "times": times,
            "cost_native": cost_native,
            "cost_usd": cost_usd,
        );
    }
}

impl Json for SideUsage {
    fn write(&self, out: &mut Vec<u8>) {
        let Self {
            kind,
            model,
            input_tokens,
            cached_input_tokens,
            cache_write_tokens,
            output_tokens,
        } = self;
        object!(out,
            "type": kind,
            "model": OrNull(model),
            "input_tokens": OrNull(input_tokens),
            "cached_input_tokens": OrNull(cached_input_tokens),
            "cache_write_tokens": OrNull(cache_write_tokens),
            "output_tokens": OrNull(output_tokens),
        );
    }
}

impl Json for CallId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
}

/// Our own words.
macro_rules! words {
    ($($kind:ty: $word:ident),+ $(,)?) => {
        $(impl Json for $kind {
            fn write(&self, out: &mut Vec<u8>) {
                plain(self.$word().as_bytes(), out);
            }
        })+
    };
}
words!(
    Flag: label,
    LineKind: name,
    Origin: label,
    Pricing: label,
    Role: label,
    StreamEnd: label,
    UsageSource: label,
);

#[cfg(test)]
mod tests;

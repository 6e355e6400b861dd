//! The columns of a day file: every field of a record, named once, for declaring, writing and reading.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cell::Cell;
use crate::call::{
    CallId, CallRecord, CostLine, Flag, LineKind, Origins, Pricing, Role, StreamEnd,
};
use crate::money::{Currency, Pico, RatePerMtok};
use crate::usage::{SideUsage, TokenUsage, UsageSource};

/// A value that its column cannot hold, or a column that does not hold its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    /// The column.
    pub(super) column: &'static str,
}

/// What stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeated {
    /// One value.
    Values,
    /// Several, under their names.
    Groups,
    /// A key with its value.
    Pairs,
}

/// What is done with the columns of a record, in their one order.
pub(super) trait Columns: Sized {
    /// A column that always has a value.
    fn required<T: Cell>(&mut self, column: &'static str, value: &mut T) -> Result<(), Unfit>;

    /// A column that may have none.
    fn optional<T: Cell>(
        &mut self,
        column: &'static str,
        value: &mut Option<T>,
    ) -> Result<(), Unfit>;

    /// A column that holds any number of things; `each` names the columns of one.
    fn repeated<T: Clone>(
        &mut self,
        column: (&'static str, Repeated),
        values: &mut Vec<T>,
        blank: &T,
        each: fn(&mut Self, &mut T) -> Result<(), Unfit>,
    ) -> Result<(), Unfit>;

    /// A column of values by name.
    fn map<V: Cell + Clone + Default>(
        &mut self,
        column: &'static str,
        map: &mut BTreeMap<String, V>,
    ) -> Result<(), Unfit> {
        let mut pairs: Vec<(String, V)> = std::mem::take(map).into_iter().collect();
        let blank = (String::new(), V::default());
        self.repeated(
            (column, Repeated::Pairs),
            &mut pairs,
            &blank,
            |columns, (key, value)| {
                columns.required("key", key)?;
                columns.required("value", value)
            },
        )?;
        map.extend(pairs);
        Ok(())
    }
}

/// A call with its number in the journal.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ledger) struct Numbered {
    pub(in crate::ledger) seq: u64,
    pub(in crate::ledger) call: CallRecord,
    /// Of a row of a pass: its money before. A day file does not have it.
    pub(in crate::ledger) was: Was,
}

/// The money of a call before it was priced again.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::ledger) struct Was {
    pub(in crate::ledger) pricing: Option<Pricing>,
    pub(in crate::ledger) cost_native: Option<Pico>,
    pub(in crate::ledger) currency: Option<Currency>,
    pub(in crate::ledger) cost_usd: Option<Pico>,
    pub(in crate::ledger) price_id: Option<String>,
    pub(in crate::ledger) would_cost_usd: Option<Pico>,
    /// Who paid, where no invoice did.
    pub(in crate::ledger) settled: Option<Flag>,
    /// No upstream had accepted the names of its client when it was counted.
    pub(in crate::ledger) unnamed: Option<bool>,
}

/// The columns of a row of a pass: the call as it is now, and what its money was.
pub(super) fn repriced<C: Columns>(c: &mut C, row: &mut Numbered) -> Result<(), Unfit> {
    all(c, row)?;
    let Was {
        pricing,
        cost_native,
        currency,
        cost_usd,
        price_id,
        would_cost_usd,
        settled,
        unnamed,
    } = &mut row.was;
    c.optional("was_pricing", pricing)?;
    c.optional("was_cost_native", cost_native)?;
    c.optional("was_currency", currency)?;
    c.optional("was_cost_usd", cost_usd)?;
    c.optional("was_price_id", price_id)?;
    c.optional("was_would_cost_usd", would_cost_usd)?;
    c.optional("was_settled", settled)?;
    c.optional("was_unnamed", unnamed)
}

/// All columns of a day file. A new field of the record does not compile until it has its place here.
pub(super) fn all<C: Columns>(c: &mut C, row: &mut Numbered) -> Result<(), Unfit> {
    c.required("seq", &mut row.seq)?;
    let CallRecord {
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
        usage,
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
        origins,
        thinking,
        finish_reason,
        response_id,
        request_id,
        ttft_ms,
        duration_ms,
        flags,
    } = &mut row.call;
    c.required("call_id", call_id)?;
    c.optional("attempt_of", attempt_of)?;
    c.required("started_at", started_at)?;
    c.required("upstream", upstream)?;
    c.required("role", role)?;
    c.required("format", format)?;
    c.required("operation", operation)?;
    c.optional("model_requested", model_requested)?;
    c.optional("model", model)?;
    c.optional("tenant", tenant)?;
    c.map("dimensions", dimensions)?;
    c.required("capability", capability)?;
    c.optional("status", status)?;
    c.required("stream", stream)?;
    c.required("end", end)?;
    c.required("complete", complete)?;
    known_by(c, source, tokenizer)?;
    tokens(c, usage)?;
    c.map("units", units)?;
    c.repeated(("side", Repeated::Groups), side, &no_side(), side_columns)?;
    c.required("pricing", pricing)?;
    money(c, cost_native, currency, cost_usd)?;
    bill(c, cost_lines)?;
    priced(c, price_id, would_cost_usd)?;
    served(c, [service_tier, speed, region], origins, thinking)?;
    told(c, [finish_reason, response_id, request_id])?;
    took(c, ttft_ms, duration_ms)?;
    odd(c, flags)
}

fn took<C: Columns>(
    c: &mut C,
    ttft_ms: &mut Option<u64>,
    duration_ms: &mut u64,
) -> Result<(), Unfit> {
    c.optional("ttft_ms", ttft_ms)?;
    c.required("duration_ms", duration_ms)
}

fn known_by<C: Columns>(
    c: &mut C,
    source: &mut Option<UsageSource>,
    tokenizer: &mut Option<Cow<'static, str>>,
) -> Result<(), Unfit> {
    c.optional("source", source)?;
    c.optional("tokenizer", tokenizer)
}

fn money<C: Columns>(
    c: &mut C,
    native: &mut Option<Pico>,
    currency: &mut Option<Currency>,
    usd: &mut Option<Pico>,
) -> Result<(), Unfit> {
    c.optional("cost_native", native)?;
    c.optional("currency", currency)?;
    c.optional("cost_usd", usd)
}

fn told<C: Columns>(
    c: &mut C,
    [finish_reason, response_id, request_id]: [&mut Option<String>; 3],
) -> Result<(), Unfit> {
    c.optional("finish_reason", finish_reason)?;
    c.optional("response_id", response_id)?;
    c.optional("request_id", request_id)
}

fn priced<C: Columns>(
    c: &mut C,
    id: &mut Option<String>,
    would_cost_usd: &mut Option<Pico>,
) -> Result<(), Unfit> {
    c.optional("price_id", id)?;
    c.optional("would_cost_usd", would_cost_usd)
}

fn served<C: Columns>(
    c: &mut C,
    [service_tier, speed, region]: [&mut Option<String>; 3],
    origins: &mut Origins,
    thinking: &mut Option<bool>,
) -> Result<(), Unfit> {
    let Origins {
        service_tier: tier_origin,
        speed: speed_origin,
        region: region_origin,
    } = origins;
    c.optional("service_tier", service_tier)?;
    c.optional("speed", speed)?;
    c.optional("region", region)?;
    c.optional("service_tier_origin", tier_origin)?;
    c.optional("speed_origin", speed_origin)?;
    c.optional("region_origin", region_origin)?;
    c.optional("thinking", thinking)
}

fn tokens<C: Columns>(c: &mut C, usage: &mut TokenUsage) -> Result<(), Unfit> {
    let TokenUsage {
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
    } = usage;
    c.optional("input_tokens", input)?;
    c.optional("cache_read_tokens", cache_read)?;
    c.optional("cache_read_audio_tokens", cache_read_audio)?;
    c.optional("cache_read_image_tokens", cache_read_image)?;
    c.optional("cache_write_tokens", cache_write)?;
    c.optional("cache_write_5m_tokens", cache_write_5m)?;
    c.optional("cache_write_30m_tokens", cache_write_30m)?;
    c.optional("cache_write_1h_tokens", cache_write_1h)?;
    c.optional("cache_write_12h_tokens", cache_write_12h)?;
    c.optional("output_tokens", output)?;
    c.optional("reasoning_tokens", reasoning)?;
    c.optional("input_audio_tokens", input_audio)?;
    c.optional("output_audio_tokens", output_audio)?;
    c.optional("input_image_tokens", input_image)?;
    c.optional("input_video_tokens", input_video)?;
    c.optional("output_image_tokens", output_image)?;
    c.optional("tool_prompt_tokens", tool_prompt)?;
    c.optional("accepted_prediction_tokens", accepted_prediction)?;
    c.optional("rejected_prediction_tokens", rejected_prediction)?;
    c.optional("billed_input_tokens", billed_input)?;
    c.optional("billed_output_tokens", billed_output)
}

fn bill<C: Columns>(c: &mut C, lines: &mut Vec<CostLine>) -> Result<(), Unfit> {
    let column = ("cost_lines", Repeated::Groups);
    c.repeated(column, lines, &no_line(), line_columns)
}

fn odd<C: Columns>(c: &mut C, flags: &mut Vec<Flag>) -> Result<(), Unfit> {
    let column = ("flags", Repeated::Values);
    c.repeated(column, flags, &Flag::Imported, |c, flag| {
        c.required("element", flag)
    })
}

fn side_columns<C: Columns>(c: &mut C, side: &mut SideUsage) -> Result<(), Unfit> {
    let SideUsage {
        kind,
        model,
        input_tokens,
        cached_input_tokens,
        cache_write_tokens,
        output_tokens,
    } = side;
    c.required("type", kind)?;
    c.optional("model", model)?;
    c.optional("input_tokens", input_tokens)?;
    c.optional("cached_input_tokens", cached_input_tokens)?;
    c.optional("cache_write_tokens", cache_write_tokens)?;
    c.optional("output_tokens", output_tokens)
}

fn line_columns<C: Columns>(c: &mut C, line: &mut CostLine) -> Result<(), Unfit> {
    let CostLine {
        kind,
        model,
        quantity,
        rate,
        times,
        cost_native,
        cost_usd,
    } = line;
    c.required("kind", kind)?;
    c.optional("model", model)?;
    c.required("quantity", quantity)?;
    c.required("rate", rate)?;
    c.optional("times", times)?;
    c.required("cost_native", cost_native)?;
    c.required("cost_usd", cost_usd)
}

/// Side inference of which nothing is known yet.
const fn no_side() -> SideUsage {
    SideUsage {
        kind: String::new(),
        model: None,
        input_tokens: None,
        cached_input_tokens: None,
        cache_write_tokens: None,
        output_tokens: None,
    }
}

/// A line of which nothing is known yet.
const fn no_line() -> CostLine {
    CostLine {
        kind: LineKind::Input,
        model: None,
        quantity: 0,
        rate: RatePerMtok::from_pico_per_token(0),
        times: None,
        cost_native: Pico::ZERO,
        cost_usd: Pico::ZERO,
    }
}

/// A row of which nothing is known yet.
pub(super) fn no_row() -> Numbered {
    let call = CallRecord {
        call_id: CallId(uuid::Uuid::nil()),
        attempt_of: None,
        started_at: Timestamp::UNIX_EPOCH,
        upstream: String::new(),
        role: Role::Provider,
        format: "".into(),
        operation: "".into(),
        model_requested: None,
        model: None,
        tenant: None,
        dimensions: BTreeMap::new(),
        capability: "".into(),
        status: None,
        stream: false,
        end: StreamEnd::Complete,
        complete: false,
        source: None,
        tokenizer: None,
        usage: TokenUsage::default(),
        units: BTreeMap::new(),
        side: Vec::new(),
        pricing: Pricing::Free,
        cost_native: None,
        currency: None,
        cost_usd: None,
        cost_lines: Vec::new(),
        price_id: None,
        would_cost_usd: None,
        service_tier: None,
        speed: None,
        region: None,
        origins: Origins::default(),
        thinking: None,
        finish_reason: None,
        response_id: None,
        request_id: None,
        ttft_ms: None,
        duration_ms: 0,
        flags: Vec::new(),
    };
    let was = Was::default();
    Numbered { seq: 0, call, was }
}

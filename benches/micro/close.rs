//! The end of a call: its price, its record, and the record in bytes.

use std::hint::black_box;

use anyhow::ensure;
use criterion::{BatchSize, Criterion, Throughput};
use http::StatusCode;
use tollgate::call::{CallRecord, Origins, Pricing, StreamEnd};
use tollgate::meter::ResponseObserver;
use tollgate::pricing::Priceable;
use tollgate::tee::Observer;
use tollgate::wire::WireFormat;

use crate::shared::exchange::{Exchange, Shape};
use crate::shared::house::{self, House};
use crate::shared::records::ROW;

pub(crate) fn price(criterion: &mut Criterion) -> anyhow::Result<()> {
    let prices = house::prices()?;
    let record: CallRecord = serde_json::from_str(ROW)?;
    let call = Priceable {
        upstream: Some(&record.upstream),
        list: &record.upstream,
        asked: None,
        model: record.model_name(),
        at: record.started_at,
        ended_at: record.started_at,
        hours_known: true,
        usage: Some(&record.usage),
        side: &record.side,
        units: &record.units,
        service_tier: record.service_tier.as_deref(),
        speed: None,
        region: None,
        origins: Origins::default(),
        thinking: None,
    };
    let pricing = prices.price(&call).pricing;
    ensure!(pricing == Pricing::Priced, "the model has no price");
    criterion.bench_function("price", |bencher| {
        bencher.iter(|| prices.price(black_box(&call)));
    });
    Ok(())
}

/// From the last byte to the record handed to the journal, not waiting for the write.
pub(crate) fn close(criterion: &mut Criterion) -> anyhow::Result<()> {
    let house = House::open()?;
    let exchange = Exchange::new(WireFormat::OpenAi, Shape::Unary(1 << 10), house::prices()?);
    let mut number = 0;
    criterion.bench_function("close", |bencher| {
        bencher.iter_batched(
            || {
                number += 1;
                read_whole(&house, &exchange, number)
            },
            |observer| observer.on_end(StreamEnd::Complete),
            BatchSize::SmallInput,
        );
    });
    house.close()?;
    Ok(())
}

/// A call of which all has passed but the end.
fn read_whole(house: &House, exchange: &Exchange, number: u64) -> ResponseObserver {
    let call = loop {
        // The disk is behind: there will be a place again.
        match house.meter.begin(exchange.arrival(number)) {
            Ok(call) => break call,
            Err(_) => std::thread::yield_now(),
        }
    };
    let mut request = call.request_observer();
    for piece in &exchange.request {
        drop(request.on_data(piece));
    }
    let mut answer = call.respond(StatusCode::OK, &exchange.headers);
    for piece in &exchange.answer {
        drop(answer.on_data(piece));
    }
    answer
}

pub(crate) fn serialise(criterion: &mut Criterion) -> anyhow::Result<()> {
    let record: CallRecord = serde_json::from_str(ROW)?;
    let mut row = Vec::new();
    record.write_json(&mut row);
    let mut group = criterion.benchmark_group("serialise");
    group.throughput(Throughput::Bytes(u64::try_from(row.len())?));
    group.bench_function("record", |bencher| {
        bencher.iter(|| {
            row.clear();
            black_box(&record).write_json(&mut row);
        });
    });
    Ok(())
}

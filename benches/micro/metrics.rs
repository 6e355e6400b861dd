//! One scrape of `/metrics`, with few models and with as many as a large house has.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use tollgate::metrics::{Format, Metrics, Settings};

use crate::shared::records::records;

pub(crate) fn render(criterion: &mut Criterion) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("metrics");
    for models in [10, 1_000] {
        let metrics = Metrics::new(&Settings {
            label_values_max: models,
            ..Settings::default()
        });
        let mut now = jiff::Timestamp::UNIX_EPOCH;
        for (number, mut record) in records(u64::try_from(models)?)?.into_iter().enumerate() {
            record.model = Some(format!("model-{number}"));
            now = record.started_at;
            metrics.record(&record);
        }
        let scrape = metrics.render(Format::Text, now);
        group.throughput(Throughput::Bytes(u64::try_from(scrape.len())?));
        group.bench_function(BenchmarkId::new("models", models), |bencher| {
            bencher.iter(|| metrics.render(black_box(Format::Text), now).len());
        });
    }
    Ok(())
}

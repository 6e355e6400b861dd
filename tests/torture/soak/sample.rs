//! What a running tollgate costs at one moment: memory, files, and the time of its answers.

use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::support::tollgate::{Home, Tollgate};

const MIB: f64 = 1_048_576.0;

pub(super) struct Sample {
    hours: f64,
    calls: f64,
    rss_mib: f64,
    database_mib: f64,
    journal_mib: f64,
    days_mib: f64,
    totals_ms: f64,
    metrics_ms: f64,
    report_ms: f64,
}

/// What must be flat: its name, how much of the second quarter the last may be, and what more.
type Column = (&'static str, fn(&Sample) -> f64, f64, f64);
pub(super) const COLUMNS: [Column; 6] = [
    ("memory, MiB", |sample| sample.rss_mib, 1.5, 16.0),
    ("database, MiB", |sample| sample.database_mib, 2.0, 4.0),
    // The journal grows through its day, and goes when that has its file.
    ("files, bytes a call", Sample::bytes_a_call, 1.5, 0.0),
    ("totals, ms", |sample| sample.totals_ms, 3.0, 100.0),
    ("metrics, ms", |sample| sample.metrics_ms, 3.0, 100.0),
    ("report, ms", |sample| sample.report_ms, 3.0, 300.0),
];

impl Sample {
    pub(super) async fn take(home: &Home, tollgate: &Tollgate, hours: f64, calls: u64) -> Self {
        let data = home.data_dir();
        let size = |folder: &str| bytes_of(&data.join(folder)) / MIB;
        let asked = async |path: &str| {
            let began = Instant::now();
            let answer = tollgate.ask_admin(path).await.unwrap();
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            began.elapsed().as_secs_f64() * 1e3
        };
        let totals_ms = asked("/api/v1/totals?by=model,tenant").await;
        let metrics_ms = asked("/metrics").await;
        let began = Instant::now();
        let report = home.run(&["report", "--admin", &tollgate.admin.to_string()]);
        assert!(
            report.status.success(),
            "{}",
            String::from_utf8_lossy(&report.stderr)
        );
        Self {
            hours,
            calls: f64::from(u32::try_from(calls).unwrap()),
            rss_mib: f64::from(u32::try_from(tollgate.memory("VmRSS:")).unwrap()) / MIB,
            database_mib: size("ledger"),
            journal_mib: size("journal"),
            days_mib: size("calls") + size("checkpoints"),
            totals_ms,
            metrics_ms,
            report_ms: began.elapsed().as_secs_f64() * 1e3,
        }
    }

    fn bytes_a_call(&self) -> f64 {
        (self.journal_mib + self.days_mib) * MIB / self.calls
    }
}

fn bytes_of(path: &Path) -> f64 {
    let Ok(found) = fs::metadata(path) else {
        return 0.0;
    };
    if found.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        return entries.map(|entry| bytes_of(&entry.path())).sum();
    }
    f64::from(u32::try_from(found.len()).unwrap())
}

pub(super) fn median(samples: &[Sample], read: fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(read).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A line for every sixth part, and the middle of each quarter's figures.
pub(super) fn tell(samples: &[Sample]) {
    println!("hour   calls    RSS  database  journal  days MiB  totals  metrics  report ms");
    for sample in samples.iter().skip(5).step_by(6) {
        println!(
            "{:4} {:7} {:6.1} {:9.2} {:8.2} {:9.2} {:7.1} {:8.1} {:10.1}",
            sample.hours,
            sample.calls,
            sample.rss_mib,
            sample.database_mib,
            sample.journal_mib,
            sample.days_mib,
            sample.totals_ms,
            sample.metrics_ms,
            sample.report_ms
        );
    }
    for (what, read, _, _) in COLUMNS {
        let quarters = samples.chunks(samples.len() / 4).take(4);
        let middles: Vec<String> = quarters
            .map(|part| format!("{:.1}", median(part, read)))
            .collect();
        println!("{what}: {}", middles.join(", "));
    }
}

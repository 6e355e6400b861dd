//! Who reads without end while calls pass: reports, pages of calls, metrics, each one thread.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use super::web;

/// What they ask for, over and over.
const PATHS: [&str; 4] = [
    "/api/v1/totals?since=90d&by=day,upstream,model,tenant",
    "/api/v1/totals?since=2h&by=minute,model",
    "/api/v1/calls?since=1h&limit=10000",
    "/metrics",
];

/// The readers of one admin address; they end when this is dropped.
pub(crate) struct Readers {
    stop: Arc<AtomicBool>,
    answers: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(crate) fn start(admin: SocketAddr) -> Self {
        let (stop, answers) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let threads = PATHS.map(|path| {
            let (stop, answers) = (Arc::clone(&stop), Arc::clone(&answers));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    match web::get(admin, path) {
                        Ok(_) => answers.fetch_add(1, Ordering::Relaxed),
                        Err(error) => return eprintln!("a reader of {path} ended: {error:#}"),
                    };
                }
            })
        });
        Self {
            stop,
            answers,
            threads: threads.into(),
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        eprintln!(
            "    {} answers were read meanwhile",
            self.answers.load(Ordering::Relaxed)
        );
    }
}

//! What happens to calls that the ledger has no room for.

use tollgate::meter::Confirmed;
use tollgate::proxy::{OnLedgerFailure, Settings};

use crate::support::wire::header;
use crate::support::{Running, Upstream, settings};

const GET: &str = "GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// A proxy with room for two records, after two calls that the ledger has not taken.
async fn full(upstream: &Upstream, on_ledger_failure: OnLedgerFailure) -> Running {
    let settings = Settings {
        on_ledger_failure,
        ..settings(&upstream.url())
    };
    let proxy = Running::with_places(settings, 2).await;
    passes(&proxy, upstream).await;
    passes(&proxy, upstream).await;
    assert_eq!(proxy.closed(), 2);
    proxy
}

async fn passes(proxy: &Running, upstream: &Upstream) {
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let mut server = upstream.accept().await;
    server.head().await;
    server.send(OK).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    client.expect("ok").await;
}

#[tokio::test]
async fn a_call_without_a_place_passes_unmetered_and_is_counted() {
    let upstream = Upstream::bind().await;
    let proxy = full(&upstream, OnLedgerFailure::Pass).await;
    passes(&proxy, &upstream).await;
    assert_eq!(
        (proxy.closed(), proxy.counts.in_flight.unmetered_calls()),
        (2, 1)
    );

    proxy.take_records();
    passes(&proxy, &upstream).await;
    assert_eq!(
        (proxy.closed(), proxy.counts.in_flight.unmetered_calls()),
        (1, 1)
    );
}

#[tokio::test]
async fn a_call_without_a_place_is_refused_where_that_is_wanted() {
    let upstream = Upstream::bind().await;
    let proxy = full(&upstream, OnLedgerFailure::Refuse).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    assert_eq!(header(&head, "x-tollgate-error"), Some("ledger_behind"));
    assert_eq!(header(&head, "retry-after"), Some("1"));
    assert_eq!(proxy.counts.in_flight.now(), 0);
    assert_eq!(
        (proxy.closed(), proxy.counts.in_flight.unmetered_calls()),
        (2, 0)
    );

    proxy.take_records();
    passes(&proxy, &upstream).await;
}

/// Its place was promised, and then the journal was gone: a bug or a panic, or it would be waited for.
#[tokio::test]
async fn a_record_that_nobody_takes_is_told_and_hurts_no_answer() {
    let upstream = Upstream::bind().await;
    let proxy = Running::before(&upstream).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let mut server = upstream.accept().await;
    server.head().await;
    proxy.journal.clone().close();
    server.send(OK).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200"));
    client.expect("ok").await;
    assert_eq!(proxy.confirmed(), [Confirmed::Lost]);
}

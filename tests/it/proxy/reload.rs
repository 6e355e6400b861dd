//! New settings for the calls to come; those in flight and idle connections go on.

use tollgate::proxy::{Settings, SettingsError};

use crate::support::{Call, Running, Upstream, settings, upstream};

const GET: &str = "GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn connections_of_both_sides_outlive_a_reload() {
    let mut call = Call::begin(GET).await;

    let mut new = settings(&call.upstream.url());
    new.upstreams[0].idle_timeout = None;
    call.proxy.proxy.reload(new).unwrap();
    call.server.send(OK).await;
    call.client.head().await;
    call.client.expect("ok").await;

    call.client.send(GET).await;
    call.server.head().await;
}

#[tokio::test]
async fn calls_to_come_go_where_the_new_settings_say() {
    let (old, new) = (Upstream::bind().await, Upstream::bind().await);
    let proxy = Running::before(&old).await;
    let mut client = proxy.connect().await;
    client.send(GET).await;
    let mut server = old.accept().await;
    server.head().await;

    proxy.proxy.reload(settings(&new.url())).unwrap();
    let mut second = proxy.connect().await;
    second.send(GET).await;
    new.accept().await.head().await;

    server.send(OK).await;
    client.head().await;
    client.expect("ok").await;
}

#[tokio::test]
async fn settings_that_cannot_be_used_change_nothing() {
    let upstream_there = Upstream::bind().await;
    let proxy = Running::before(&upstream_there).await;
    let unknown = Settings {
        default_upstream: Some("other".into()),
        ..settings("http://x")
    };
    let refused = proxy.proxy.reload(unknown);
    assert!(matches!(refused, Err(SettingsError::UnknownUpstream { name }) if name == "other"));
    let no_host = Settings {
        upstreams: vec![upstream("up", "/v1")],
        ..settings("http://x")
    };
    assert!(matches!(
        proxy.proxy.reload(no_host),
        Err(SettingsError::BaseUrl { .. })
    ));

    let mut client = proxy.connect().await;
    client.send(GET).await;
    upstream_there.accept().await.head().await;
}

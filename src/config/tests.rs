//! Facts about whole configurations. The problems people see: `golden`.

mod catalogue;
mod everything;
mod golden;
mod invoices;
mod price_files;
mod reference;
mod rows;
mod tokenizers;

use std::path::Path;

use super::*;

/// An environment with one key and one token in it.
fn env(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("t0ken\n".to_owned()),
        "KEY" | "SAME_KEY" => Some("sk-1".to_owned()),
        "PROXY" => Some("us:hunter2".to_owned()),
        "HOOK" => Some("https://hooks.example/T0/s3cret".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

/// A folder with a configuration in it.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tollgate.toml"), text).unwrap();
    folder
}

fn load_text(text: &str) -> Result<Config, Problems> {
    let folder = folder(text);
    let path = folder.path().join("tollgate.toml");
    load_with(Some(&path), &Overrides::default(), &env)
}

#[track_caller]
fn good(text: &str) -> Config {
    load_text(text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn defaults() -> Config {
    load_with(None, &Overrides::default(), &|_| None).unwrap()
}

#[test]
fn no_file_is_a_valid_configuration() {
    let config = defaults();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:4141");
    assert_eq!(config.server.admin.to_string(), "127.0.0.1:4142");
    assert_eq!(config.default_upstream.as_deref(), Some("openai"));
    assert_eq!(config.plans.plans.len(), 3);
    assert!(config.plans.plans.iter().all(|plan| !plan.alert));
    assert!(
        config
            .plans
            .endpoints
            .iter()
            .all(|endpoint| !endpoint.alert)
    );
    let urls: Vec<_> = config
        .upstreams
        .iter()
        .map(|u| u.base_url.to_string())
        .collect();
    assert_eq!(
        urls,
        ["https://api.anthropic.com/", "https://api.openai.com/"]
    );
    assert!(config.prices.has_list("openai") && config.prices.has_list("anthropic"));
}

#[test]
fn the_example_file_is_exactly_the_defaults() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/tollgate.toml");
    let example = load_with(Some(&path), &Overrides::default(), &|_| None).unwrap();
    assert_eq!(example.print(), defaults().print());
    assert_eq!(example.server, Server::default());
    assert_eq!(example.upstreams, Upstream::defaults());
    assert_eq!(example.attribution, Attribution::default());
    assert_eq!(example.ledger, Ledger::default());
    assert_eq!(example.metrics, Metrics::default());
    assert_eq!(example.reporting, Reporting::default());
    assert_eq!(example.catalogues, Catalogues::default());
    assert_eq!(example.prices.entries(), defaults().prices.entries());
}

#[cfg(feature = "tokenizers")]
#[test]
fn everything_the_example_leaves_commented_out_is_valid_too() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/tollgate.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let key = |line: &str| {
        let rest = line.strip_prefix("# ")?;
        let is_key = rest.starts_with('[')
            || rest
                .split_once(" = ")
                .is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        is_key.then(|| rest.to_owned())
    };
    let full: String = text
        .lines()
        .map(|line| key(line).unwrap_or_else(|| line.to_owned()) + "\n")
        .collect();
    let folder = folder(&full);
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("prices.toml", include_str!("../../config/prices.toml"));
    file("plans.toml", include_str!("../../config/plans.toml"));
    file("hardware.toml", include_str!("../../config/hardware.toml"));
    file(
        "throughput.toml",
        include_str!("../../config/throughput.toml"),
    );
    file("overlay.toml", "");
    file(
        "llama-3.json",
        include_str!("../../tests/fixtures/tokenizers/tiny.json"),
    );
    file("key-hash-secret", "h");
    file("egress-credentials", "user:password");
    let path = folder.path().join("tollgate.toml");
    let secrets = |name: &str| {
        let secret = ["_TOKEN", "_KEY", "_SECRET"]
            .iter()
            .any(|end| name.ends_with(end));
        let address = name.starts_with("ALERT_") && !secret;
        let address = address.then(|| "https://hooks.example/T0".to_owned());
        address.or_else(|| secret.then(|| format!("secret of {name}")))
    };
    let config = load_with(Some(&path), &Overrides::default(), &secrets);
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.tenants.len(), 1);
    assert_eq!(config.tokenizers.len(), 1);
    assert_eq!(config.attribution.dimensions.len(), 2);
    assert!(config.prices.has_list("own-vllm"));
    let at = "2026-11-22T00:00:00Z".parse().unwrap();
    let endpoint = config
        .prices
        .in_force("bytedance", "ep-20260101000000-abcde", at);
    assert_eq!(
        endpoint.unwrap().id(),
        "bytedance/ep-20260101000000-abcde@2026-01-01"
    );
}

#[test]
fn flag_wins_over_environment_and_environment_over_file() {
    let folder = folder("[server]\nlisten = \"127.0.0.1:1\"\nadmin = \"127.0.0.1:2\"\n");
    let path = folder.path().join("tollgate.toml");
    let flags = Overrides {
        listen: "127.0.0.1:3".parse().ok(),
        ..Overrides::default()
    };
    let env = |name: &str| match name {
        "TOLLGATE_LISTEN" => Some("127.0.0.1:4".to_owned()),
        "TOLLGATE_ADMIN" => Some("127.0.0.1:5".to_owned()),
        "TOLLGATE_DATA_DIR" => Some("elsewhere".to_owned()),
        _ => None,
    };
    let server = load_with(Some(&path), &flags, &env).unwrap().server;
    assert_eq!(server.listen.port(), 3);
    assert_eq!(server.admin.port(), 5);
    assert_eq!(server.data_dir, Path::new("elsewhere"));
}

#[test]
fn the_default_upstream_is_openai_or_the_only_one() {
    let upstream =
        |name: &&str| format!("[upstreams.{name}]\nformat = \"openai\"\nbase_url = \"http://h\"\n");
    let default = |names: &[&str]| {
        let text: String = names.iter().map(upstream).collect();
        good(&text).default_upstream
    };
    assert_eq!(default(&["a"]).as_deref(), Some("a"));
    assert_eq!(default(&["a", "openai"]).as_deref(), Some("openai"));
    assert_eq!(default(&["a", "b"]), None);
}

#[test]
fn an_upstream_has_the_list_of_its_name_or_else_of_its_address() {
    let list = |name: &str, url: &str| {
        let text = format!("[upstreams.{name}]\nformat = \"openai\"\nbase_url = \"{url}\"\n");
        good(&text).upstreams[0].prices.clone()
    };
    for (name, url, expected) in [
        (
            "gemini",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "google",
        ),
        ("vertex", "https://aiplatform.googleapis.com", "google"),
        (
            "vertex",
            "https://europe-west1-aiplatform.googleapis.com",
            "google",
        ),
        ("vertex", "https://myaiplatform.googleapis.com", "vertex"),
        ("grok", "https://API.x.ai:443/v1", "x-ai"),
        ("mistral", "http://localhost:8000", "mistral"),
        ("openai", "https://api.groq.com/openai", "openai"),
        (
            "qwen",
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
            "alibaba-cn",
        ),
        ("moonshotai", "https://api.moonshot.cn/v1", "moonshotai-cn"),
        ("moonshotai", "https://api.moonshot.ai/v1", "moonshotai"),
        ("zhipuai", "https://api.z.ai/api/paas/v4", "zai"),
        ("zai", "https://open.bigmodel.cn/api/paas/v4", "zhipuai"),
        ("deepseek-cn", "https://api.deepseek.com", "deepseek-cn"),
        ("openai", "https://eu.api.openai.com", "eu.api.openai.com"),
        ("openai", "https://api.openai.com", "openai"),
        ("eu", "https://eu.api.openai.com", "eu"),
        ("house", "http://localhost:8000", "house"),
    ] {
        assert_eq!(list(name, url), expected, "{name} {url}");
    }
}

#[test]
fn a_catalogue_file_takes_the_place_of_the_embedded_one() {
    let folder = folder("[catalogues]\nprices = \"mine.toml\"\n");
    let price = "[[prices]]\nlist = \"l\"\nmatch = \"m\"\nfrom = 2026-01-01\n\
                 input_usd_per_mtok = 1\nsource = \"s\"\n";
    std::fs::write(folder.path().join("mine.toml"), price).unwrap();
    let path = folder.path().join("tollgate.toml");
    let config = load_with(Some(&path), &Overrides::default(), &env).unwrap();
    assert_eq!(config.prices.entries().len(), 1);
}

/// Two upstreams of own hosting on a plan without a replica that always runs, the second with `more`.
fn two_on_one_plan(more: &str) -> Result<Config, Problems> {
    let own = "format = \"openai\"\nbase_url = \"http://a\"\nrole = \"own\"\nplan = \"ours\"\n\
               would_cost_as = \"openai/gpt-4o-mini\"\n";
    let text = format!(
        "[upstreams.one]\n{own}[upstreams.two]\n{own}{more}[plans.ours]\nreplaces = [\"gpt-4o\"]\n\
         model = \"llama-3.3-70b\"\ngpu = \"H100-SXM\"\ngpus = 2\nprecision = \"fp8\"\n\
         gpu_usd_per_hour = 3\nserves = \"32k\"\nthroughput = {{ source = \"published\" }}\n\
         price_as_of = 2026-11-01\nprice_source = \"bill\"\npolicy = \"hybrid\"\nmin_replicas = 0\n\
         ops_usd_per_month = 17520\n"
    );
    load_text(&text)
}

#[test]
fn the_replicas_of_a_plan_may_be_written_at_any_of_its_upstreams() {
    two_on_one_plan("replicas = 2\n").unwrap();
    let told = two_on_one_plan("").unwrap_err().to_string();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        told.contains("upstreams.one.replicas: is missing"),
        "{told}"
    );
    // What is written badly is written.
    let told = two_on_one_plan("replicas = []\n").unwrap_err().to_string();
    assert!(!told.contains("is missing"), "{told}");
}

#[test]
fn the_servers_of_a_plan_are_named_at_one_of_its_upstreams() {
    let by = "[upstreams.two.measured_by]\nvllm = \"http://a:8000\"\n";
    let only_two = format!("replicas = 2\n{by}");
    two_on_one_plan(&only_two).unwrap();
    let both = format!("{only_two}{}", by.replace("two", "one"));
    let told = two_on_one_plan(&both).unwrap_err().to_string();
    assert_eq!(told.lines().count(), 1, "{told}");
    let expected = "upstreams.two.measured_by: the servers of ours are named at \
                    upstreams.one.measured_by; name all of them there";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_server_is_named_once() {
    let own = "[upstreams.own]\nformat = \"openai\"\nbase_url = \"http://a\"\nrole = \"own\"\n";
    let told = |by: &str| load_text(&format!("{own}measured_by = {{ {by} }}\n"));
    let same = "\"http://10.0.0.5:8000\"";
    let page = "\"http://10.0.0.5:8000/metrics/\"";
    told(&format!("vllm = [{same}, \"http://10.0.0.5:8001\"]")).unwrap();
    for twice in [
        format!("vllm = [{same}, {page}]"),
        format!("vllm = {same}, sglang = {page}"),
    ] {
        let problems = told(&twice).unwrap_err().to_string();
        assert_eq!(problems.lines().count(), 1, "{problems}");
        let expected =
            "the page http://10.0.0.5:8000/metrics is named twice; name each server once";
        assert!(problems.contains(expected), "{problems}");
    }
}

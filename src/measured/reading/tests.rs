//! Pages as the versions write them, made by hand.

use super::*;

fn page(lines: &[&str]) -> String {
    lines.join("\n")
}

#[track_caller]
fn read(engine: Engine, lines: &[&str]) -> Reading {
    Reading::of(engine, page(lines).as_bytes()).unwrap()
}

#[test]
fn a_page_of_vllm_0_6_is_read_by_its_old_names() {
    let reading = read(
        Engine::Vllm,
        &[
            "# HELP vllm:prompt_tokens_total Number of prefill tokens processed.",
            "# TYPE vllm:prompt_tokens_total counter",
            "vllm:prompt_tokens_total{model_name=\"llama\"} 1.024e+06",
            "vllm:prompt_tokens_created{model_name=\"llama\"} 1.7e+09",
            "vllm:generation_tokens_total{model_name=\"llama\"} 5000.0",
            "vllm:num_requests_running{model_name=\"llama\"} 3.0",
            "vllm:num_requests_waiting{model_name=\"llama\"} 1.0",
            "vllm:gpu_cache_usage_perc{model_name=\"llama\"} 0.25",
            "vllm:gpu_prefix_cache_hit_rate{model_name=\"llama\"} -1.0",
            "process_start_time_seconds 1.7e+09",
        ],
    );
    let expected = Reading {
        input_tokens: 1_024_000,
        output_tokens: 5_000,
        cache: None,
        running: Some(3.0),
        waiting: Some(1.0),
        cache_use: Some(0.25),
        started: Some(1.7e9),
    };
    assert_eq!(reading, expected);
}

#[test]
fn names_old_and_new_on_one_page_are_not_added_up_and_engines_are() {
    let reading = read(
        Engine::Vllm,
        &[
            "vllm:prompt_tokens_total{engine=\"0\",model_name=\"m\"} 100",
            "vllm:prompt_tokens_total{engine=\"1\",model_name=\"m\"} 50",
            "vllm:generation_tokens_total{engine=\"0\",model_name=\"m\"} 10",
            "vllm:generation_tokens_total{engine=\"1\",model_name=\"m\"} 20",
            "vllm:gpu_cache_usage_perc{engine=\"0\"} 0.9",
            "vllm:kv_cache_usage_perc{engine=\"0\"} 0.5",
            "vllm:kv_cache_usage_perc{engine=\"1\"} 0.1",
            "vllm:gpu_prefix_cache_hits_total{engine=\"0\"} 60",
            "vllm:prefix_cache_hits_total{engine=\"0\"} 60",
            "vllm:gpu_prefix_cache_queries_total{engine=\"0\"} 100",
            "vllm:prefix_cache_queries_total{engine=\"0\"} 100",
        ],
    );
    assert_eq!((reading.input_tokens, reading.output_tokens), (150, 30));
    assert_eq!(reading.cache_use, Some(0.3));
    let cache = Cache {
        hits: 60,
        lookups: 100,
    };
    assert_eq!(reading.cache, Some(cache));
    assert_eq!((reading.running, reading.waiting), (None, None));
}

#[test]
fn a_page_of_sglang_is_read_with_a_colon_or_a_line() {
    for by in [':', '_'] {
        let lines = [
            "prompt_tokens_total{model_name=\"m\",is_streaming=\"true\"} 4096",
            "prompt_tokens_total{model_name=\"m\",is_streaming=\"false\"} 4",
            "generation_tokens_total{model_name=\"m\"} 512",
            "cached_tokens_total{model_name=\"m\",cache_source=\"device\"} 1000",
            "cached_tokens_total{model_name=\"m\",cache_source=\"host\"} 25",
            "num_running_reqs{model_name=\"m\"} 2",
            "num_queue_reqs{model_name=\"m\"} 0",
            "token_usage{model_name=\"m\"} 0.28",
        ];
        let lines = lines.map(|line| format!("sglang{by}{line}"));
        let reading = read(Engine::Sglang, &lines.each_ref().map(String::as_str));
        assert_eq!((reading.input_tokens, reading.output_tokens), (4_100, 512));
        let cache = Cache {
            hits: 1_025,
            lookups: 4_100,
        };
        assert_eq!(reading.cache, Some(cache));
        assert_eq!((reading.running, reading.waiting), (Some(2.0), Some(0.0)));
        assert_eq!(reading.cache_use, Some(0.28));
    }
}

#[test]
fn what_is_missing_is_named() {
    let said = |engine, page: &str| {
        Reading::of(engine, page.as_bytes())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        said(Engine::Vllm, "<html>busy</html>"),
        "the page does not have vllm:prompt_tokens_total and vllm:generation_tokens_total: a vLLM has it at \
         /metrics, unless it was started with --disable-log-stats"
    );
    assert_eq!(
        said(
            Engine::Sglang,
            "sglang:prompt_tokens_total 1\nvllm:generation_tokens_total 2"
        ),
        "the page does not have sglang:generation_tokens_total: an SGLang has it at /metrics if it was started \
         with --enable-metrics"
    );
    let beyond = "vllm:prompt_tokens_total -1\nvllm:generation_tokens_total 1e300";
    assert!(Reading::of(Engine::Vllm, beyond.as_bytes()).is_err());
}

#[test]
fn a_server_began_anew_by_its_clock_or_its_counters() {
    let at = |started, input_tokens| Reading {
        input_tokens,
        started,
        ..Reading::default()
    };
    let earlier = at(Some(100.0), 50);
    assert!(!at(Some(100.5), 50).began_after(&earlier));
    assert!(at(Some(160.0), 70).began_after(&earlier));
    assert!(at(None, 49).began_after(&earlier));
    assert!(!at(None, 51).began_after(&earlier));
}

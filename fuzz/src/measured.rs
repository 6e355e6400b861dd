//! A page of a server is read or named, whatever it is; comments change nothing of it.

use tollgate::measured::{Engine, Reading, Workload};

/// Panics where it does not hold.
pub fn holds(bytes: &[u8]) {
    for engine in [Engine::Vllm, Engine::Sglang] {
        let read = Reading::of(engine, bytes);
        let commented = [b"# HELP a b\n", bytes, b"\n# EOF"].concat();
        assert_eq!(read, Reading::of(engine, &commented));
        if let Ok(reading) = read {
            assert!(!reading.began_after(&reading));
        }
    }
    let workload = Workload {
        namespace: Some("llm".to_owned()),
        ..Workload::default()
    };
    if let Ok(cost) = workload.cost(bytes) {
        assert!(cost.total_usd.is_finite() && cost.gpu_usd.is_finite());
    }
}

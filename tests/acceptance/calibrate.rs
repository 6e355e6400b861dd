//! A load test becomes a plan: what `calibrate` writes is pasted, and `check` takes it.

use std::path::Path;

use super::support::tollgate::Home;

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vllm");
    folder.join(name).display().to_string()
}

#[test]
fn what_calibrate_writes_is_a_part_of_a_plan() {
    let home = Home::new("");
    let (runs, detailed) = (fixture("append.jsonl"), fixture("detailed.json"));
    let fitted = home.run(&["calibrate", &runs, &detailed, "--plan", "ours"]);
    let said = String::from_utf8(fitted.stdout).unwrap();
    assert!(fitted.status.success(), "{said}");
    let (_, snippet) = said.split_once("For your plan:\n\n").unwrap();
    home.write_config(&format!(
        "[plans.ours]\nreplaces = \"gpt-4o\"\nserves = \"32k\"\nmodel = \"llama-3.3-70b\"\n\
         gpu = \"H100-SXM\"\ngpus = 2\nprecision = \"fp8\"\noffer = \"runpod/secure SXM\"\n{snippet}"
    ));
    let checked = home.run(&["check"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(
        checked.status.success() && said.contains("1 plans"),
        "{checked:?}"
    );
}

#[test]
fn what_cannot_be_fitted_is_bad_use_and_nothing_is_written() {
    let home = Home::new("");
    for (file, says) in [
        (fixture("detailed.json"), "1 of the 4 points at full load"),
        (fixture("README.md"), "is not a result of vllm bench serve"),
        (fixture("gone.json"), "cannot be read"),
    ] {
        let refused = home.run(&["calibrate", &file]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains(says) && refused.stdout.is_empty(), "{said}");
    }
}

//! The command line as a whole: what is understood, what is refused, and what the help says.

use clap::{CommandFactory, Parser};

use super::admin::Admin;
use super::args::{Args, ExportFormat, ReportFormat, Verb};
use super::house::{DemoPlan, Options, Range, Running, TotalsQuery};
use super::when::When;

mod report;
pub(super) mod small_house;

use small_house::{SmallHouse, TOKEN};

fn parsed(line: &str) -> Result<Args, clap::Error> {
    Args::try_parse_from(line.split_whitespace())
}

#[track_caller]
fn refused(line: &str, says: &str) {
    let error = parsed(line).unwrap_err();
    assert_eq!(error.exit_code(), 2, "{line}");
    assert!(error.to_string().contains(says), "{line}: {error}");
}

#[test]
fn the_definition_is_sound() {
    Args::command().debug_assert();
}

#[test]
fn no_verb_is_serve_and_flags_stand_anywhere() {
    assert!(parsed("tollgate").unwrap().verb.is_none());
    for line in [
        "tollgate --listen 127.0.0.1:1 serve",
        "tollgate serve --listen 127.0.0.1:1",
    ] {
        let args = parsed(line).unwrap();
        assert_eq!(
            args.global.options().listen,
            Some("127.0.0.1:1".parse().unwrap()),
            "{line}"
        );
    }
}

#[test]
fn a_report_is_understood() {
    let line = "tollgate report --since 7d --by tenant,month --by team --top 3 --format csv";
    let args = parsed(line).unwrap();
    let Some(Verb::Report(report)) = args.verb else {
        panic!()
    };
    assert_eq!(report.by, ["tenant", "month", "team"]);
    assert_eq!(report.top, Some(3));
    assert_eq!(report.format, ReportFormat::Csv);
    assert_eq!(
        report.since,
        When::Ago(jiff::SignedDuration::from_hours(7 * 24))
    );
}

#[test]
fn an_export_is_understood() {
    let args = parsed("tollgate export calls --format csv --until 2026-11-01").unwrap();
    let Some(Verb::Export(export)) = args.verb else {
        panic!()
    };
    assert_eq!(export.format, ExportFormat::Csv);
    assert!(export.span.since.is_none() && export.span.until.is_some());
}

#[test]
fn the_demo_is_short_unless_told_otherwise() {
    let args = parsed("tollgate demo").unwrap();
    let Some(Verb::Demo(demo)) = args.verb else {
        panic!()
    };
    assert!(demo.duration.as_secs() <= 30 && demo.speed == 10 && !demo.keep_running);
}

#[test]
fn what_is_not_understood_is_refused_with_what_would_do() {
    refused("tollgate report --since yesterday", "write 30d");
    refused("tollgate report --by Colour", "month, day, hour");
    refused("tollgate report --top 0", "1..");
    refused("tollgate report --all --since 7d", "cannot be used with");
    refused("tollgate demo --for 10", "write 20s");
    refused("tollgate demo --speed 0", "1..=100");
    refused("tollgate export rows", "calls");
    refused(
        "tollgate mock --provider bedrock",
        "openai, anthropic, both",
    );
    refused("tollgate --listen 4141", "invalid socket address");
    refused("tollgate frobnicate", "unrecognized subcommand");
}

#[test]
fn every_flag_has_an_environment_variable() {
    let command = Args::command();
    let subcommands: Vec<_> = command.get_subcommands().collect();
    let nested = subcommands.iter().flat_map(|verb| verb.get_subcommands());
    for command in nested.chain(subcommands.iter().copied()).chain([&command]) {
        for flag in command.get_arguments().filter(|flag| !flag.is_positional()) {
            let name = flag.get_id().as_str();
            let variable = flag
                .get_env()
                .map(|name| name.to_string_lossy().into_owned());
            let known = ["help", "version"].contains(&name);
            assert!(
                known || variable.is_some_and(|name| name.starts_with("TOLLGATE_")),
                "{name}"
            );
        }
    }
}

/// The help as users read it; `UPDATE_GOLDEN=1 cargo test --lib cli` writes it anew.
#[test]
fn the_help_is_what_the_golden_file_shows() {
    let mut command = Args::command();
    command.build();
    let mut shown = vec![command.render_long_help().to_string()];
    for verb in command.get_subcommands_mut() {
        let name = verb.get_name().to_owned();
        shown.push(format!("\n== {name}\n\n"));
        shown.push(verb.render_help().to_string());
        for part in verb.get_subcommands_mut().filter(|_| name == "prices") {
            shown.push(format!("\n== {name} {}\n\n", part.get_name()));
            shown.push(part.render_help().to_string());
        }
    }
    super::golden("help.txt", &shown.concat());
}

const NOBODY: &str = "127.0.0.1:9";

async fn house_with_calls() -> (crate::demo::MockUpstream, small_house::Rooms) {
    let mock = crate::demo::MockUpstream::start(crate::demo::MockSettings {
        listen: "127.0.0.1:0".parse().unwrap(),
        serves: crate::demo::Serves::Both,
        seed: 1,
        speed: 1_000,
        refused_per_mille: 0,
        now: || jiff::Timestamp::UNIX_EPOCH,
    });
    let mock = mock.await.unwrap();
    let (openai, anthropic) = (
        format!("http://{}", mock.address()),
        "http://127.0.0.1:9".into(),
    );
    let history = crate::demo::HistorySettings {
        seed: 1,
        until: jiff::Timestamp::UNIX_EPOCH,
        days: 0,
    };
    let plan = DemoPlan {
        options: Options::default(),
        openai,
        anthropic,
        history,
    };
    (mock, small_house::furnish(plan).await)
}

#[tokio::test]
async fn nobody_at_the_address_is_an_answer_and_no_failure() {
    let admin = Admin::at(NOBODY.parse().unwrap(), None).unwrap();
    assert!(admin.json("/api/v1/breakeven").await.unwrap().is_none());
    assert!(
        admin
            .calls(
                Range {
                    since: None,
                    until: None
                },
                None
            )
            .await
            .unwrap()
            .is_none()
    );
    let house = SmallHouse {
        admin: NOBODY.parse().unwrap(),
    };
    let failure = super::admin::healthcheck(&house, &Options::default())
        .await
        .unwrap_err();
    assert!(failure.to_string().contains("nothing runs at"), "{failure}");
    let Some(Verb::Report(report)) = parsed("tollgate report").unwrap().verb else {
        panic!()
    };
    let failure = super::report::run(&house, &Options::default(), &report, true)
        .await
        .unwrap_err();
    assert!(
        failure.to_string().contains("read from the directory"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_refusal_is_told_with_its_remedy() {
    let (_mock, rooms) = house_with_calls().await;
    let at = rooms.addresses().admin;
    let stranger = Admin::at(at, None).unwrap();
    let failure = stranger
        .json("/api/v1/breakeven")
        .await
        .unwrap_err()
        .to_string();
    assert!(failure.contains("wants its admin token"), "{failure}");
    let admin = Admin::at(at, Some(TOKEN.into())).unwrap();
    let query = TotalsQuery {
        by: vec!["day".to_owned()],
        ..TotalsQuery::default()
    };
    let failure = admin.totals(&query).await.unwrap_err().to_string();
    assert!(
        failure.ends_with("refused: by: not kept\n  use model"),
        "{failure}"
    );
}

#[test]
fn problems_and_failures_end_with_their_codes() {
    let house = SmallHouse {
        admin: NOBODY.parse().unwrap(),
    };
    let code = |line: &str| {
        let args = line
            .split_whitespace()
            .map(Into::into)
            .collect::<Vec<std::ffi::OsString>>();
        format!("{:?}", super::run(args, &house))
    };
    let exit = |code| format!("{:?}", std::process::ExitCode::from(code));
    assert_eq!(code("tollgate -q check"), exit(2));
    assert_eq!(code("tollgate -q --log-level x=,= check"), exit(2));
    assert_eq!(code("tollgate -q report --since yesterday"), exit(2));
    assert_eq!(code("tollgate -q serve"), exit(1));
    assert_eq!(code("tollgate -q healthcheck"), exit(1));
}

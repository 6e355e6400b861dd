//! The command line as a whole: what is understood, what is refused, and what the help says.

use clap::{CommandFactory, Parser};

use super::args::{Args, By, ExportFormat, ReportFormat, Verb};
use super::when::When;

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
    let args = parsed("tollgate report --since 7d --by tenant,month --format csv").unwrap();
    let Some(Verb::Report(report)) = args.verb else {
        panic!()
    };
    assert_eq!(report.by, [By::Tenant, By::Month]);
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
    refused("tollgate report --by colour", "tenant");
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
    for command in subcommands.into_iter().chain([&command]) {
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
        shown.push(format!("\n== {}\n\n", verb.get_name()));
        shown.push(verb.render_help().to_string());
    }
    super::golden("help.txt", &shown.concat());
}

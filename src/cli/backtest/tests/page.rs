//! The tables of docs/economics.md are what the command in front of them prints.

use super::answered;

const PAGE: &str = "docs/economics.md";

#[test]
fn the_tables_of_the_page_are_what_its_command_prints() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (_, rest) = page.split_once("<!-- tables: ").unwrap();
    let (command, rest) = rest.split_once(" -->\n").unwrap();
    let (tables, _) = rest.split_once("<!-- end of tables -->").unwrap();
    let answer = answered(command).unwrap();
    let differs = answer
        .lines()
        .zip(tables.trim().lines())
        .find(|(now, then)| now != then);
    assert!(
        answer.trim() == tables.trim(),
        "scripts/economics writes {PAGE} anew; first difference: {differs:?}"
    );
}

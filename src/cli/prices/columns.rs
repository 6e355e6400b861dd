//! Columns of text for a terminal of a hundred columns: narrower than a table with borders.

/// How a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// The first column is no wider; a longer name stands on a line of its own above the others.
const NAME_WIDTH_MAX: usize = 28;

/// Lines of cells under their headings, without blanks at the end.
pub(super) fn lines<const N: usize>(
    headings: [(&str, Side); N],
    rows: &[[String; N]],
) -> Vec<String> {
    let chars = |text: &str| text.chars().count();
    let mut widths = headings.map(|(heading, _)| chars(heading));
    for row in rows {
        for (at, (width, cell)) in widths.iter_mut().zip(row).enumerate() {
            if at > 0 || chars(cell) <= NAME_WIDTH_MAX {
                *width = chars(cell).max(*width);
            }
        }
    }
    let sides = headings.map(|(_, side)| side);
    let line = |cells: &[String; N]| {
        let mut line = String::new();
        for (at, ((cell, width), side)) in cells.iter().zip(widths).zip(sides).enumerate() {
            if at > 0 {
                // Numbers end together: one blank tells them apart.
                line.push_str(if side == Side::Left { "  " } else { " " });
            }
            if at == 0 && chars(cell) > width {
                line.push_str(cell);
                line.push('\n');
                line.extend(std::iter::repeat_n(' ', width));
                continue;
            }
            let blanks = std::iter::repeat_n(' ', width.saturating_sub(chars(cell)));
            match side {
                Side::Left => line.extend(cell.chars().chain(blanks)),
                Side::Right => line.extend(blanks.chain(cell.chars())),
            }
        }
        line.trim_end().to_owned()
    };
    let heading = headings.map(|(heading, _)| heading.to_owned());
    let all = std::iter::once(&heading).chain(rows);
    let written = all.flat_map(|row| line(row).lines().map(str::to_owned).collect::<Vec<_>>());
    written.collect()
}

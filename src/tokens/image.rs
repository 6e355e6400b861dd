//! What an image comes to for a model, from its size in pixels.
//!
//! Sources: `OpenAI`'s guide to images and vision, and Anthropic's to vision. Models that are
//! documented in two ways are left out: what is not known is not guessed.
#![expect(
    clippy::float_arithmetic,
    reason = "the vendors' own formulas scale by square roots"
)]

use super::model::{bare, claude};

/// How a model counts an image.
#[derive(Clone, Copy, Debug)]
enum Cost {
    /// So many tokens, and so many for each square of 512 pixels.
    Tiles { base: u64, tile: u64 },
    /// A token for each square of 32 pixels, times this.
    Patches(f64),
}

/// By the start of the name, which ends there or goes on with `-`; the longest start decides.
const COSTS: [(&str, Cost); 16] = [
    ("gpt-4o", tiles(85, 170)),
    ("chatgpt-4o", tiles(85, 170)),
    ("gpt-4o-mini", tiles(2833, 5667)),
    ("gpt-4.1", tiles(85, 170)),
    ("gpt-4.1-mini", Cost::Patches(1.62)),
    ("gpt-4.1-nano", Cost::Patches(2.46)),
    ("gpt-4.5", tiles(85, 170)),
    ("gpt-4-turbo", tiles(85, 170)),
    ("gpt-4-vision", tiles(85, 170)),
    ("o1", tiles(75, 150)),
    ("o3", tiles(75, 150)),
    ("o4-mini", Cost::Patches(1.72)),
    ("gpt-5", tiles(70, 140)),
    // Documented as 1.62; what it reports is 1.20 (measured by others, June 2026).
    ("gpt-5-mini", Cost::Patches(1.2)),
    ("gpt-5-nano", Cost::Patches(2.46)),
    ("computer-use-preview", tiles(65, 129)),
];

const fn tiles(base: u64, tile: u64) -> Cost {
    Cost::Tiles { base, tile }
}

/// The most squares of 32 pixels; a larger image is scaled down to them.
const PATCHES_MAX: f64 = 1536.0;

/// The tokens of an image of `size` pixels; `None` if the model or the size is not known.
/// `low` is a request for low detail, which needs no size.
pub(super) fn tokens(model: &str, low: bool, size: Option<(u32, u32)>) -> Option<u64> {
    let size = size.map(|(width, height)| (u64::from(width.max(1)), u64::from(height.max(1))));
    if let Some(version) = claude(model) {
        return Some(area(version >= (4, 7), size?));
    }
    let bare = bare(model);
    let fits = |(start, cost): &(&str, Cost)| {
        let rest = bare.strip_prefix(start)?;
        (rest.is_empty() || rest.starts_with('-')).then_some((start.len(), *cost))
    };
    match COSTS
        .iter()
        .filter_map(fits)
        .max_by_key(|(length, _)| *length)?
    {
        (_, Cost::Tiles { base, .. }) if low => Some(base),
        (_, Cost::Tiles { base, tile }) => Some(base + tile * squares(size?)),
        (_, Cost::Patches(factor)) => Some(patches(factor, size?)),
    }
}

/// Tiles of 512 pixels after fitting into 2048 square, then the shorter side to 768.
fn squares((width, height): (u64, u64)) -> u64 {
    let fit = |(width, height), side: u64, most: u64| {
        if side > most {
            (width * most / side, height * most / side)
        } else {
            (width, height)
        }
    };
    let (width, height) = fit((width, height), width.max(height), 2048);
    let (width, height) = fit((width, height), width.min(height), 768);
    width.max(1).div_ceil(512) * height.max(1).div_ceil(512)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sides are below 2^32, and the product is at most 1536 times the factor"
)]
fn patches(factor: f64, (width, height): (u64, u64)) -> u64 {
    let whole = width.div_ceil(32) * height.div_ceil(32);
    let (width, height) = (width as f64 / 32.0, height as f64 / 32.0);
    let count = if whole as f64 <= PATCHES_MAX {
        whole as f64
    } else {
        // Scaled down, so that one side is whole patches.
        let shrink = (PATCHES_MAX / (width * height)).sqrt();
        let (wide, high) = (width * shrink, height * shrink);
        let whole = (wide.floor() / wide).min(high.floor() / high);
        ((wide * whole).ceil() * (high * whole).ceil()).clamp(1.0, PATCHES_MAX)
    };
    (count * factor).round() as u64
}

/// A token for 750 pixels, after scaling down to what the model sees.
fn area(fine: bool, (width, height): (u64, u64)) -> u64 {
    let (edge, most) = if fine { (2576, 5000) } else { (1568, 1600) };
    let longest = width.max(height).max(edge);
    let (width, height) = (width * edge / longest, height * edge / longest);
    (width * height / 750).clamp(1, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &str, width: u32, height: u32, expected: Option<u64>) {
        assert_eq!(tokens(model, false, Some((width, height))), expected);
    }

    #[test]
    fn tile_models_scale_and_count_squares() {
        check("gpt-4o", 1024, 1024, Some(765));
        check("openai/gpt-4o-2024-11-20", 2048, 4096, Some(1105));
        check("gpt-4.1", 300, 200, Some(255));
        check("gpt-4o-mini", 300, 200, Some(8500));
        check("gpt-4o", u32::MAX, 1, Some(85 + 170 * 4));
    }

    #[test]
    fn low_detail_needs_no_size() {
        assert_eq!(tokens("gpt-4o", true, None), Some(85));
        assert_eq!(tokens("gpt-4o", false, None), None);
    }

    #[test]
    fn patch_models_scale_to_their_cap() {
        check("gpt-4.1-mini", 1024, 1024, Some(1659));
        // The guide's example: 1452 patches.
        check("gpt-4.1-mini", 1800, 2400, Some(2352));
        check("gpt-5-mini", 256, 256, Some(77));
        // 39 by 39.
        check("gpt-4.1-nano", u32::MAX, u32::MAX, Some(3742));
    }

    #[test]
    fn claude_counts_pixels_up_to_what_it_sees() {
        check("claude-sonnet-4-5", 1000, 1000, Some(1333));
        check("claude-3-5-sonnet-20241022", 4000, 4000, Some(1600));
        check("claude-opus-4-7", 2000, 1500, Some(4000));
    }

    #[test]
    fn an_unknown_model_has_no_count() {
        check("gpt-5.4", 1024, 1024, None);
        check("gemini-2.5-flash", 1024, 1024, None);
    }
}

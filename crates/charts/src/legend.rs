//! The legend below a chart: what its shapes other than the subjects' own marks mean. It shows only what occurs.

use super::canvas::{Anchor, Canvas, Mark};
use super::words::{SMALL, width_of};

/// A shape that a legend explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A short upright bar: a median.
    Median,
    /// The same with a line across: a median and its interval.
    Interval,
    /// The dashed line that values are compared with.
    Reference,
    /// The grey band around it.
    Band,
    /// A dashed line of a series.
    Dashes,
    /// A flawed mark.
    Flaw(Flaw),
}

/// Why a mark must be read with care. Each is drawn with another shape, so that it is seen without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// The value is limited by something else than the subject: the mark has a tail.
    Limited,
    /// The value is of a part of the work only: the mark is struck through.
    Partial,
    /// The value does not count: a cross instead of the mark.
    Invalid,
}

const LINE: f64 = 17.0;
/// From a key's left end to its text.
const TEXT: f64 = 26.0;
/// Between a text and the next key.
const GAP: f64 = 18.0;
const RADIUS: f64 = 3.8;

/// Draws the entries side by side, in as many lines as they need.
pub(super) fn draw(canvas: &mut Canvas, entries: &[(Key, String)]) {
    if entries.is_empty() {
        return;
    }
    canvas.begin("keys");
    let mut x = 0.0;
    canvas.top += LINE;
    for (key, words) in entries {
        let width = TEXT + width_of(words) * SMALL;
        if x > 0.0 && x + width > canvas.width {
            x = 0.0;
            canvas.top += LINE;
        }
        draw_key(canvas, *key, x + TEXT / 2.0 - 3.0, canvas.top - 4.0);
        canvas.words(x + TEXT, canvas.top, Anchor::Start, "quiet small", words);
        x += width + GAP;
    }
    canvas.top += 8.0;
    canvas.end();
}

fn draw_key(canvas: &mut Canvas, key: Key, x: f64, y: f64) {
    match key {
        Key::Median => {
            canvas.begin("floor");
            canvas.path("median", &format!("M{x:.1} {:.1}V{:.1}", y - 6.0, y + 6.0));
            canvas.end();
        }
        Key::Interval => {
            canvas.begin("floor");
            let (from, to, above, below) = (x - 9.0, x + 9.0, y - 3.5, y + 3.5);
            canvas.path(
                "interval",
                &format!(
                    "M{from:.1} {above:.1}V{below:.1}M{from:.1} {y:.1}H{to:.1}M{to:.1} {above:.1}V{below:.1}"
                ),
            );
            canvas.path("median", &format!("M{x:.1} {:.1}V{:.1}", y - 6.0, y + 6.0));
            canvas.end();
        }
        Key::Reference => canvas.path("reference", &format!("M{x:.1} {:.1}V{:.1}", y - 7.0, y + 7.0)),
        Key::Band => canvas.rect("band", x - 9.0, y - 6.0, 18.0, 12.0),
        Key::Dashes => {
            canvas.begin("floor");
            canvas.path("line", &format!("M{:.1} {y:.1}H{:.1}", x - 10.0, x + 10.0));
            canvas.end();
        }
        Key::Flaw(flaw) => {
            canvas.begin("example");
            canvas.mark(Mark::Hue(0), "sample", (x, y, RADIUS), Some(flaw), "");
            canvas.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAWS: [Flaw; 3] = [Flaw::Limited, Flaw::Partial, Flaw::Invalid];

    fn drawn(width: f64, entries: &[(Key, String)]) -> Canvas {
        let mut canvas = Canvas::new(width);
        draw(&mut canvas, entries);
        canvas
    }

    #[test]
    fn every_flaw_has_another_shape_in_the_same_colour() {
        let shapes: Vec<String> = [None, Some(FLAWS[0]), Some(FLAWS[1]), Some(FLAWS[2])]
            .into_iter()
            .map(|flaw| {
                let mut canvas = Canvas::new(100.0);
                canvas.mark(Mark::Hue(1), "point", (50.0, 50.0, 4.0), flaw, "");
                canvas.text.split("d=\"").skip(1).map(|path| path.split('"').next().unwrap()).collect()
            })
            .collect();
        for (place, shape) in shapes.iter().enumerate() {
            assert!(!shapes[..place].contains(shape), "{shapes:?}");
        }
        // A tail and a line through it leave the mark's own shape; a cross replaces it.
        assert!(shapes[1].starts_with(&shapes[0]) && shapes[2].starts_with(&shapes[0]));
        assert!(!shapes[3].contains(&shapes[0]));
    }

    #[test]
    fn entries_share_a_line_as_long_as_they_fit() {
        let entries: Vec<(Key, String)> =
            FLAWS.map(|flaw| (Key::Flaw(flaw), "a round of this kind".to_owned())).to_vec();
        let lines = |width: f64| {
            let text = drawn(width, &entries).text;
            let places =
                text.split("<text").skip(1).map(|text| text.split(" y=\"").nth(1).unwrap()[..4].to_owned());
            places.collect::<std::collections::BTreeSet<String>>().len()
        };
        assert_eq!([760.0, 400.0, 200.0].map(lines), [1, 2, 3]);
        assert!(drawn(760.0, &[]).text.is_empty());
    }
}

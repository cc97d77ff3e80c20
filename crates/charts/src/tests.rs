//! The colours are CSS, so they are tested as text.

use super::STYLE;

#[test]
fn every_colour_has_enough_contrast_in_light_and_in_dark() {
    let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    for scheme in [light, dark] {
        let colour = |name: &str| {
            let at = scheme.find(&format!("--{name}: #")).unwrap() + name.len() + 5;
            u32::from_str_radix(&scheme[at..at + 6], 16).unwrap()
        };
        let paper = luminance(colour("paper"));
        let contrast = |name: &str| {
            let own = luminance(colour(name));
            (own.max(paper) + 0.05) / (own.min(paper) + 0.05)
        };
        // WCAG 2.2: 4.5 for text, 3 for graphical objects.
        for name in ["ink", "quiet", "failed"] {
            assert!(contrast(name) >= 4.5, "{name}: {}", contrast(name));
        }
        for name in ["floor", "hue-0", "hue-1", "hue-2", "hue-3", "hue-4", "hue-5", "waits", "served"] {
            assert!(contrast(name) >= 3.0, "{name}: {}", contrast(name));
        }
    }
}

/// Relative luminance as WCAG 2.2 defines it.
fn luminance(colour: u32) -> f64 {
    let channel = |shift: u32| {
        let value = f64::from(colour >> shift & 0xff) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}

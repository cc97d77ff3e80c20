//! A place for the name of each dot of a plot.

/// The height of a name.
pub(super) const LINE: f64 = 14.0;
/// How many orders are tried.
const ORDERS: usize = 12;
/// The room that a dot takes, from its middle.
const DOT: f64 = 6.1;
/// How far a name may be from its dot, nearest first.
const DISTANCES: [f64; 12] = [7.0, 12.0, 17.0, 23.0, 30.0, 38.0, 48.0, 60.0, 74.0, 90.0, 110.0, 135.0];
/// From here on a line says whose name it is.
const NEEDS_LEADER: f64 = 12.0;
/// Where a name stands around its dot, as a direction; the best first.
const DIRECTIONS: [(f64, f64); 16] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.0, -1.0),
    (0.0, 1.0),
    (0.7, -0.7),
    (0.7, 0.7),
    (-0.7, -0.7),
    (-0.7, 0.7),
    (0.4, -0.9),
    (0.4, 0.9),
    (-0.4, -0.9),
    (-0.4, 0.9),
    (0.9, -0.4),
    (0.9, 0.4),
    (-0.9, -0.4),
    (-0.9, 0.4),
];

/// A dot that has a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    /// Its place.
    pub(super) at: (f64, f64),
    /// The width of the name.
    pub(super) width: f64,
    /// The line through the dot.
    pub(super) interval: Option<Area>,
}

/// Where a name stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) name: Area,
    /// Whether a line says whose name it is.
    pub(super) leader: bool,
}

/// A rectangle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    fn meets(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn is_within(&self, other: &Area) -> bool {
        self.left >= other.left
            && self.right <= other.right
            && self.top >= other.top
            && self.bottom <= other.bottom
    }

    /// The place on its edge, or in it, that is nearest to this one.
    pub(super) fn nearest(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }

    fn around((x, y): (f64, f64), reach: f64) -> Area {
        Area { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach }
    }

    fn has(&self, (x, y): (f64, f64)) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// Whether a straight line passes through it.
    fn is_crossed(&self, (from_x, from_y): (f64, f64), (to_x, to_y): (f64, f64)) -> bool {
        const STEPS: u32 = 24;
        (0..=STEPS).map(|step| f64::from(step) / f64::from(STEPS)).any(|share| {
            let (x, y) = (from_x + share * (to_x - from_x), from_y + share * (to_y - from_y));
            self.has((x, y))
        })
    }
}

/// A place for each name within the plot, so that no name meets another name, a dot or a line; `None` where there is none. Of several
/// orders in which the names choose, that is taken which leaves the fewest without a place, and brings them nearest to their dots.
pub(super) fn places(dots: &[Named], plot: Area) -> Vec<Option<Place>> {
    let neighbours = |dot: &Named| {
        let is_near =
            |other: &&Named| (other.at.0 - dot.at.0).abs() < 100.0 && (other.at.1 - dot.at.1).abs() < 30.0;
        dots.iter().filter(is_near).count()
    };
    // Those with many neighbours have the fewest places, so they choose early.
    let mut order: Vec<usize> = (0..dots.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(neighbours(&dots[index])));
    let tried = (0..order.len().min(ORDERS)).map(|first| {
        let mut order = order.clone();
        order[..=first].rotate_right(1);
        in_order(dots, plot, &order)
    });
    let without = |places: &[Option<Place>]| places.iter().filter(|place| place.is_none()).count();
    let best = tried.min_by(|(one, way), (other, other_way)| {
        without(one).cmp(&without(other)).then(way.total_cmp(other_way))
    });
    best.map(|(places, _)| places).unwrap_or_default()
}

/// The places if the names choose in this order, and how far all are from their dots.
fn in_order(dots: &[Named], plot: Area, order: &[usize]) -> (Vec<Option<Place>>, f64) {
    let marks: Vec<Area> = dots.iter().map(|dot| Area::around(dot.at, DOT)).collect();
    let intervals: Vec<Area> = dots.iter().filter_map(|dot| dot.interval).collect();
    let mut places: Vec<Option<Place>> = vec![None; dots.len()];
    let mut leaders: Vec<((f64, f64), (f64, f64))> = Vec::new();
    let mut way = 0.0;
    for &index in order {
        let Named { at, width, .. } = dots[index];
        let mut candidates = DISTANCES.iter().flat_map(|distance| {
            DIRECTIONS.iter().map(move |direction| (candidate(at, width, *distance, *direction), *distance))
        });
        let fits = |(name, distance): &(Area, f64)| {
            let end = name.nearest(at);
            let others = || places.iter().flatten().map(|place| place.name);
            let is_free = others().all(|other| !name.meets(&other))
                && marks.iter().chain(&intervals).all(|area| !name.meets(area))
                && leaders.iter().all(|(from, to)| !name.is_crossed(*from, *to));
            // Of dots at one place the line begins in all.
            let is_clear = *distance < NEEDS_LEADER
                || others().all(|other| !other.is_crossed(at, end))
                    && marks.iter().all(|mark| mark.has(at) || !mark.is_crossed(at, end));
            name.is_within(&plot) && is_free && is_clear
        };
        if let Some((name, distance)) = candidates.find(fits) {
            let leader = distance >= NEEDS_LEADER;
            if leader {
                leaders.push((at, name.nearest(at)));
            }
            way += distance;
            places[index] = Some(Place { name, leader });
        }
    }
    (places, way)
}

/// A name of this width at this distance from a dot.
fn candidate((x, y): (f64, f64), width: f64, distance: f64, (right, down): (f64, f64)) -> Area {
    let (x, y) = (x + right * distance, y + down * distance);
    // To the right of its place it begins there, to the left it ends there, above and below it is in the middle.
    let left = x - width * (1.0 - right) / 2.0;
    let top = y - LINE * (1.0 - down) / 2.0;
    Area { left, top, right: left + width, bottom: top + LINE }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOT: Area = Area { left: 30.0, top: 0.0, right: 386.0, bottom: 300.0 };

    fn named(x: f64, y: f64) -> Named {
        let interval = Area { left: x - 1.5, top: y - 9.0, right: x + 1.5, bottom: y + 9.0 };
        Named { at: (x, y), width: 64.0, interval: Some(interval) }
    }

    #[test]
    fn no_name_meets_a_name_a_dot_or_an_interval() {
        let dots: Vec<Named> = (0..30_u32)
            .map(|index| named(150.0 + 13.0 * f64::from(index % 5), 120.0 + 11.0 * f64::from(index / 5)))
            .collect();
        let areas: Vec<Area> = places(&dots, PLOT).into_iter().flatten().map(|place| place.name).collect();
        assert!(areas.len() > 10, "{}", areas.len());
        for (index, area) in areas.iter().enumerate() {
            assert!(area.is_within(&PLOT), "{area:?}");
            assert!(areas[..index].iter().all(|other| !area.meets(other)), "{area:?}");
            assert!(dots.iter().all(|dot| !area.meets(&Area::around(dot.at, DOT))), "{area:?}");
            assert!(dots.iter().filter_map(|dot| dot.interval).all(|line| !area.meets(&line)), "{area:?}");
        }
    }

    #[test]
    fn dots_at_one_place_have_names_at_different_ones() {
        let found: Vec<Place> = places(&[named(200.0, 100.0); 4], PLOT).into_iter().flatten().collect();
        assert_eq!(found.len(), 4);
        assert!(places(&[], PLOT).is_empty());
    }

    #[test]
    fn a_dot_with_a_plot_to_itself_has_its_name_beside_it() {
        let place = places(&[named(100.0, 100.0)], PLOT)[0].unwrap();
        assert!(!place.leader && place.name.left > 100.0 && place.name.left < 110.0, "{place:?}");
    }
}

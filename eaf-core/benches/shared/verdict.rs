//! Report of a benchmark: ratios over several rounds, and the verdict on them.

#![allow(dead_code, reason = "several benchmarks share this, and each uses a part")]

/// Number of rounds: 10, or `EAF_BENCH_ROUNDS`. Fewer than 10 give no reliable figures.
pub fn rounds() -> usize {
    std::env::var("EAF_BENCH_ROUNDS").map_or(10, |text| text.parse().expect("a number of rounds"))
}

/// Line of a benchmark's report: the ratio of the host's figure to the compared figure in each
/// round, with a required floor and an aim.
pub struct Line {
    what: String,
    floor: f64,
    aim: f64,
    /// Whether a higher ratio is better: the floor is then a minimum, and otherwise a maximum.
    more: bool,
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

impl Line {
    pub fn at_least(what: &str, floor: f64, aim: f64) -> Self {
        Line { what: what.into(), floor, aim, more: true, ours: Vec::new(), theirs: Vec::new() }
    }

    pub fn at_most(what: &str, floor: f64, aim: f64) -> Self {
        Line { more: false, ..Line::at_least(what, floor, aim) }
    }

    pub fn add(&mut self, ours: f64, theirs: f64) {
        self.ours.push(ours);
        self.theirs.push(theirs);
    }

    pub fn print(&self, unit: &str) {
        let ratios: Vec<f64> = self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| ours / theirs).collect();
        let of = |q| quantile(ratios.clone(), q);
        let (low, middle, high) = (of(0.25), of(0.5), of(0.75));
        println!(
            "{:62} {:>8.1} / {:>8.1} {unit}  ratio {middle:.2} [{low:.2} .. {high:.2}]  floor {}, aim {}: {}",
            self.what,
            quantile(self.ours.clone(), 0.5),
            quantile(self.theirs.clone(), 0.5),
            self.floor,
            self.aim,
            self.verdict(low, middle, high),
        );
    }

    /// Verdict on the measured ratios; inconclusive if their spread is wider than the distance of
    /// the median to the floor.
    fn verdict(&self, low: f64, middle: f64, high: f64) -> &'static str {
        let reaches = |bound: f64| if self.more { middle >= bound } else { middle <= bound };
        let certain = |bound: f64| high - low <= (middle - bound).abs();
        if !certain(self.floor) {
            "inconclusive"
        } else if !reaches(self.floor) {
            "FAILED"
        } else if reaches(self.aim) && certain(self.aim) {
            "aim reached"
        } else {
            "floor held"
        }
    }
}

pub fn quantile(mut values: Vec<f64>, q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * q).round() as usize]
}

//! Whether a number is prime: trial division, a slice at a time.

/// Divisions in one [slice](Test::go_on) of a test.
pub const SLICE: u32 = 1 << 17;

/// The first odd divisor.
const FIRST: u64 = 3;

/// The test of one number. It can be left at the end of each slice, and gone on with, or dropped.
///
/// It divides by 2 and by the odd numbers up to the square root, until one of them divides the number. So a prime `n` of
/// more than 2 costs about half the square root of `n` divisions. On a virtual machine with an AMD EPYC that did
/// nothing else (`cargo run --release -p prime --example cost`):
///
/// | number | divisions | CPU time |
/// | --- | --- | --- |
/// | 1000003 | 500 | 3.08µs |
/// | 1000000007 | 15811 | 101.29µs |
/// | 1000000000039 | 500000 | 3.61ms |
/// | 1000000000000037 | 15811388 | 126.50ms |
/// | 100000000000000003 | 158113883 | 1.35s |
/// | 18446744073709551557 | 2147483648 | 19.45s |
#[derive(Clone, Copy, Debug)]
pub struct Test {
    number: u64,
    /// The next one.
    divisor: u64,
    watch: Option<Watch>,
}

/// Is told when a test begins and when it ends.
pub type Watch = fn(&Test, Progress);

/// How far a test has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The first division follows.
    Begins,
    /// The verdict is known.
    Ends,
}

/// What a test finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It has exactly two divisors.
    Prime,
    /// It has more; or it is 0 or 1.
    Composite,
}

impl Test {
    /// Nothing is divided yet.
    #[must_use]
    pub const fn new(number: u64) -> Test {
        Test { number, divisor: FIRST, watch: None }
    }

    /// The same test, which tells this function when it begins and ends, on the thread that makes it.
    #[must_use]
    pub const fn watched(self, watch: Watch) -> Test {
        Test { watch: Some(watch), ..self }
    }

    /// The number.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Makes at most [`SLICE`] divisions, in about a millisecond. Returns `None` if there is more to do.
    pub fn go_on(&mut self) -> Option<Verdict> {
        let Some(watch) = self.watch else { return self.divide() };
        if self.divisor == FIRST {
            watch(self, Progress::Begins);
        }
        self.divide().inspect(|_| watch(self, Progress::Ends))
    }

    fn divide(&mut self) -> Option<Verdict> {
        let Test { number, mut divisor, .. } = *self;
        if number < 2 || (number != 2 && number.is_multiple_of(2)) {
            return Some(Verdict::Composite);
        }
        for _ in 0..SLICE {
            // Not `divisor * divisor > number`, which overflows for the largest numbers.
            let quotient = number / divisor;
            if quotient < divisor {
                return Some(Verdict::Prime);
            }
            if quotient * divisor == number {
                return Some(Verdict::Composite);
            }
            divisor += 2;
        }
        self.divisor = divisor;
        None
    }
}

/// Whoever watches is no part of it.
impl PartialEq for Test {
    fn eq(&self, other: &Test) -> bool {
        (self.number, self.divisor) == (other.number, other.divisor)
    }
}

impl Eq for Test {}

impl Verdict {
    /// The line that answers the request.
    #[must_use]
    pub const fn answer(self) -> &'static [u8] {
        match self {
            Verdict::Prime => b"prime\n",
            Verdict::Composite => b"composite\n",
        }
    }
}

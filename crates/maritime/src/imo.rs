//! The number of a hull.

use core::fmt;

/// An IMO ship identification number: seven digits, the last of them a check digit
/// (IMO resolution A.1117(30)). It stays with the hull through every name and flag.
///
/// ```
/// use alongside_maritime::Imo;
///
/// assert_eq!(Imo::new(9_074_729).unwrap().to_string(), "9074729");
/// assert_eq!(Imo::new(9_074_728), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Imo(u32);

impl Imo {
    /// `None` unless `number` has seven digits and the right check digit: the first six, weighted 7
    /// down to 2, add up to a number that ends in the seventh.
    pub const fn new(number: u32) -> Option<Self> {
        if number < 1_000_000 || number > 9_999_999 {
            return None;
        }
        let mut rest = number / 10;
        let mut sum = 0;
        let mut weight = 2;
        while rest > 0 {
            sum += rest % 10 * weight;
            rest /= 10;
            weight += 1;
        }
        if sum % 10 == number % 10 { Some(Imo(number)) } else { None }
    }

    /// The seven digits.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Imo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Imo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_decides() {
        assert!(Imo::new(9_074_729).is_some());
        assert!(Imo::new(9_074_728).is_none());
        assert!(Imo::new(0).is_none());
        assert!(Imo::new(907_472).is_none());
    }
}

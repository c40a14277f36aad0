//! How many shared permits are taken at once: more while they are used up quickly, so that a long run of calls does not
//! ask before each; one at a time else, so that none is wasted.

use std::time::Duration;

use crate::model::time::Timestamp;

/// How long permits that were taken ahead count. Also how long a pause of another process may go unnoticed.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// What a call still needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permit {
    /// Nothing.
    Ready,
    /// A permit out of the shared bucket; so many are worth taking.
    Ask(u32),
}

/// The permits of one bucket that were taken ahead.
#[derive(Debug, Default)]
pub(in crate::wecom) struct Portion {
    left: u32,
    size: u32,
    until: Timestamp,
}

impl Portion {
    /// Uses a permit, or tells how many to ask for, at most `max`.
    pub(in crate::wecom) fn permit(&mut self, max: u32, now: Timestamp) -> Permit {
        let in_time = now < self.until;
        if in_time && self.left > 0 {
            self.left -= 1;
            return Permit::Ready;
        }
        self.left = 0;
        self.size = match in_time {
            true => self.size.saturating_mul(2).clamp(1, max.max(1)),
            false => 1,
        };
        Permit::Ask(self.size)
    }

    /// Takes in what was granted, less the one for the call that asked.
    pub(in crate::wecom) fn fill(&mut self, granted: u32, now: Timestamp) {
        self.left = self.left.saturating_add(granted.saturating_sub(1));
        self.until = now.plus(GOOD_FOR);
    }

    /// Throws away what is left.
    pub(in crate::wecom) fn forfeit(&mut self) {
        self.left = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked for at each of these times, in milliseconds; what is granted is what was asked for.
    fn asked(max: u32, times: &[i64]) -> Vec<u32> {
        let mut portion = Portion::default();
        let ask = |millis: &i64| {
            let now = Timestamp::from_millis(1_700_000_000_000 + millis);
            match portion.permit(max, now) {
                Permit::Ready => 0,
                Permit::Ask(want) => {
                    portion.fill(want, now);
                    want
                }
            }
        };
        times.iter().map(ask).collect()
    }

    #[test]
    fn it_grows_while_it_is_used_up_in_time() {
        let mut quick = vec![1, 2, 0, 4, 0, 0, 0, 8];
        quick.extend([0; 7]);
        quick.push(10);
        quick.extend([0; 9]);
        quick.push(10);
        for (max, times, expected) in [
            (10, vec![0; 26], quick),
            (1, vec![0; 4], vec![1; 4]),
            (20, vec![0, 1000, 2000], vec![1, 1, 1]),
            (20, vec![0, 999, 1500, 3000], vec![1, 2, 0, 1]),
            (20, vec![0, 500, 1500], vec![1, 2, 1]),
            (20, vec![0, 10, -86_400_000, -86_400_000], vec![1, 2, 0, 4]),
        ] {
            assert_eq!(asked(max, &times), expected, "{max} {times:?}");
        }
    }
}

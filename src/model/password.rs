//! A password's argon2id hash: all that is kept of an administrator's password.

use std::fmt;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// What one check may cost: more would let a login exhaust the machine.
const MEMORY_MAX_KIB: u32 = 256 * 1024;
const ROUNDS_MAX: u32 = 16;

/// The hash in PHC form, `$argon2id$v=19$m=…`. Secret: it lets others try passwords at their leisure.
/// Wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct PasswordHash(Zeroizing<Box<str>>);

/// The text is no argon2id hash, or one that is too costly to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an argon2id hash in PHC form, or one that is too costly to check")]
pub struct NotAPasswordHash;

impl PasswordHash {
    /// Takes a hash, as `hash-password` prints one. Up to 256 MiB and 16 rounds.
    ///
    /// # Errors
    /// [`NotAPasswordHash`]; it does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, NotAPasswordHash> {
        let phc = Phc::new(text).map_err(|_| NotAPasswordHash)?;
        let params = Params::try_from(&phc).map_err(|_| NotAPasswordHash)?;
        let ours = phc.algorithm == Algorithm::Argon2id.ident();
        let complete = phc.salt.is_some() && phc.hash.is_some();
        let bearable = params.m_cost() <= MEMORY_MAX_KIB && params.t_cost() <= ROUNDS_MAX;
        if ours && complete && bearable {
            Ok(Self(Zeroizing::new(text.into())))
        } else {
            Err(NotAPasswordHash)
        }
    }

    /// Hashes a password with a salt of its own, as costly as the crate recommends (19 MiB, 2 rounds).
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn of(password: &str) -> Result<Self, argon2::password_hash::Error> {
        let hash = Argon2::default().hash_password(password.as_bytes())?;
        Ok(Self(Zeroizing::new(hash.to_string().into())))
    }

    /// Whether this is the password. Takes tens of milliseconds and much memory, and as long for a wrong one.
    pub fn matches(&self, password: &str) -> bool {
        let Ok(phc) = Phc::new(&self.0) else {
            return false;
        };
        let verified = Argon2::default().verify_password(password.as_bytes(), &phc);
        verified.is_ok()
    }

    /// The hash itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As cheap as the algorithm allows.
    const CHEAP: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY$";

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let hash = PasswordHash::of("correct horse").unwrap();
        let hash = PasswordHash::parse(hash.expose()).unwrap();
        assert!(hash.matches("correct horse"));
        for other in ["", "correct horse ", "Correct horse"] {
            assert!(!hash.matches(other), "{other:?}");
        }
        let again = PasswordHash::of("correct horse").unwrap();
        assert_ne!(hash.expose(), again.expose(), "each has a salt of its own");
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    }

    #[test]
    fn other_texts_are_refused() {
        let output = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
        let good = format!("{CHEAP}{output}");
        assert!(PasswordHash::parse(&good).is_ok());
        for bad in [
            String::new(),
            "correct horse".into(),
            CHEAP.trim_end_matches('$').into(),
            good.replace("argon2id", "argon2i"),
            good.replace("argon2id", "scrypt"),
            good.replace("m=8", "m=1048576"),
            good.replace("t=1", "t=17"),
        ] {
            assert!(PasswordHash::parse(&bad).is_err(), "{bad}");
        }
    }
}

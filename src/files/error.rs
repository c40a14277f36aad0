//! What can be wrong with a file, and with the place where files are kept.

/// Why a file is not taken in or not found.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// More bytes than are allowed.
    #[error("the file is too large")]
    TooLarge,
    /// Its content is of no type that is wanted.
    #[error("the file is of no wanted type")]
    WrongType,
    /// A picture of so many pixels that it would fill a reader's memory.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It did not come to its end.
    #[error("the file broke off")]
    BrokenOff,
    /// The folder or the bucket does not answer; later it may. What it said is cut off after 300 characters.
    #[error("the place for files does not answer: {0}")]
    Unavailable(String),
}

/// What a place said is no longer than this, in characters.
const SAID_MAX: usize = 300;

impl FilesError {
    pub(in crate::files) fn unavailable(problem: impl std::fmt::Display) -> Self {
        let said = problem.to_string();
        Self::Unavailable(said.chars().take(SAID_MAX).collect())
    }

    /// What the system said about the folder.
    pub(in crate::files) fn of_system(problem: std::io::Error) -> Self {
        Self::unavailable(problem)
    }
}

impl From<object_store::Error> for FilesError {
    fn from(problem: object_store::Error) -> Self {
        Self::unavailable(problem)
    }
}

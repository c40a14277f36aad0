//! The order of a sync's phases, and what they work off.

use crate::decide::facts::{Facts, LinkWriting};
use crate::model::sync::{SyncPhase, SyncRun, SyncScope};

/// Where a sync of this scope begins.
pub(in crate::decide::sync) const fn first_phase(scope: SyncScope, facts: &Facts<'_>) -> SyncPhase {
    match (scope, facts.corp.links) {
        (SyncScope::All | SyncScope::Members, LinkWriting::ByService) => SyncPhase::ListIds,
        (SyncScope::All | SyncScope::Members, LinkWriting::ByHand) => SyncPhase::ListDepartments,
        (SyncScope::Contacts, _) => SyncPhase::ReadTags,
        (SyncScope::Links, _) => SyncPhase::CheckLinks,
    }
}

/// What comes next.
pub(in crate::decide::sync) fn phase_after(run: &SyncRun) -> SyncPhase {
    match run.place.phase {
        SyncPhase::ListDepartments => SyncPhase::ListMembers,
        SyncPhase::ListIds | SyncPhase::ListMembers => SyncPhase::ReadMembers,
        SyncPhase::ReadMembers => SyncPhase::SweepMembers,
        SyncPhase::SweepMembers if run.request.scope == SyncScope::All => SyncPhase::ReadTags,
        SyncPhase::ReadTags => SyncPhase::ListFollowers,
        SyncPhase::ListFollowers => SyncPhase::ReadContacts,
        SyncPhase::ReadContacts => SyncPhase::SweepContacts,
        // Which groups belong to a part, only a list of all of them would tell.
        SyncPhase::SweepContacts if run.request.part.is_none() => SyncPhase::ListGroups,
        SyncPhase::ListGroups => SyncPhase::ReadGroups,
        SyncPhase::ReadGroups => SyncPhase::SweepGroups,
        SyncPhase::SweepGroups => SyncPhase::CountOthers,
        SyncPhase::SweepMembers
        | SyncPhase::SweepContacts
        | SyncPhase::CheckLinks
        | SyncPhase::CountOthers
        | SyncPhase::End => SyncPhase::End,
    }
}

/// What a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Departments whose members are to be listed.
    Departments,
    /// Members to be read.
    Members,
    /// Members whose contacts are to be read.
    Followers,
    /// Members whose groups are to be listed.
    Owners,
    /// Groups to be read.
    Groups,
}

impl Kind {
    /// What the keys of a sync's batches of this kind begin with.
    pub fn prefix(self, run: &str) -> String {
        let letter = match self {
            Self::Departments => 'd',
            Self::Members => 'm',
            Self::Followers => 'f',
            Self::Owners => 'o',
            Self::Groups => 'g',
        };
        format!("{run} {letter} ")
    }

    /// What a phase works off.
    pub const fn of(phase: SyncPhase) -> Option<Self> {
        match phase {
            SyncPhase::ListMembers => Some(Self::Departments),
            SyncPhase::ReadMembers => Some(Self::Members),
            SyncPhase::ReadContacts => Some(Self::Followers),
            SyncPhase::ListGroups => Some(Self::Owners),
            SyncPhase::ReadGroups => Some(Self::Groups),
            SyncPhase::ListIds
            | SyncPhase::ListDepartments
            | SyncPhase::SweepMembers
            | SyncPhase::CheckLinks
            | SyncPhase::ReadTags
            | SyncPhase::ListFollowers
            | SyncPhase::SweepContacts
            | SyncPhase::SweepGroups
            | SyncPhase::CountOthers
            | SyncPhase::End => None,
        }
    }
}

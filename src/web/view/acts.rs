//! What can be done on the page of a request: the words in its addresses, and what is said when it is done.

/// Something that a form on the page does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Approve or deny.
    Decide,
    /// "I'm on it".
    Claim,
    /// "I'm not on it any more".
    GiveBack,
    /// Make it shorter.
    Shorten,
    /// Give one's place to somebody else.
    Reassign,
    /// Hear of it again later.
    Later,
    /// Have the approvers reminded.
    Remind,
    /// Call it off.
    Cancel,
    /// Make it an emergency.
    Escalate,
    /// End the access.
    End,
    /// Ask for more time.
    Extend,
    /// It is set up.
    Provisioned,
    /// It will not be set up.
    WontDo,
    /// Have the connector try again.
    Retry,
    /// It is taken away.
    Removed,
    /// Act outside the plan.
    Administer,
    /// Say something.
    Comment,
    /// Say it otherwise.
    EditComment,
    /// Take it back.
    DeleteComment,
}

impl Act {
    const ALL: [Self; 19] = [
        Self::Decide,
        Self::Claim,
        Self::GiveBack,
        Self::Shorten,
        Self::Reassign,
        Self::Later,
        Self::Remind,
        Self::Cancel,
        Self::Escalate,
        Self::End,
        Self::Extend,
        Self::Provisioned,
        Self::WontDo,
        Self::Retry,
        Self::Removed,
        Self::Administer,
        Self::Comment,
        Self::EditComment,
        Self::DeleteComment,
    ];

    /// The word in the address of its form.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Decide => "decide",
            Self::Claim => "claim",
            Self::GiveBack => "give-back",
            Self::Shorten => "shorten",
            Self::Reassign => "reassign",
            Self::Later => "later",
            Self::Remind => "remind",
            Self::Cancel => "cancel",
            Self::Escalate => "escalate",
            Self::End => "end",
            Self::Extend => "extend",
            Self::Provisioned => "provisioned",
            Self::WontDo => "wont-do",
            Self::Retry => "retry",
            Self::Removed => "removed",
            Self::Administer => "administer",
            Self::Comment => "comment",
            Self::EditComment => "edit-comment",
            Self::DeleteComment => "delete-comment",
        }
    }

    /// Reads [`Act::word`].
    pub(crate) fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == word)
    }

    /// What is said when it is done.
    pub(crate) fn done(self) -> &'static str {
        match self {
            Self::Decide => "Noted. Thank you for deciding.",
            Self::Claim => "You are on it. The others are left in peace for a while.",
            Self::GiveBack => "You are not on it any more.",
            Self::Shorten => "It is shorter now. You have not decided yet.",
            Self::Reassign => "Your place is given to them, and they are asked.",
            Self::Later => "You will hear of it again. Nobody else hears of this.",
            Self::Remind => "Those who can decide are reminded, each at an hour at which they can be.",
            Self::Cancel => "The request is cancelled.",
            Self::Escalate => "⚡ It is an emergency now. Everyone whose approval is skipped is told.",
            Self::End => "Thank you. This access is being taken away now.",
            Self::Extend => "You have asked for more time. What you hold stays until that is decided.",
            Self::Provisioned | Self::WontDo | Self::Removed => "Noted. Thank you.",
            Self::Retry => "It is being tried again.",
            Self::Comment => "Your comment is sent.",
            Self::EditComment => "Your comment says so now, in every thread.",
            Self::DeleteComment => "Your comment is taken back.",
            Self::Administer => "Done. It stands on the record under your name.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_a_word_of_its_own() {
        for act in Act::ALL {
            assert_eq!(Act::read(act.word()), Some(act));
        }
        assert_eq!(Act::read("approve-everything"), None);
    }
}

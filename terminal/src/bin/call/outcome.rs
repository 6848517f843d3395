//! How a command ended, and the exit code that scripts see.

/// The table of exit codes, for the help texts.
pub const EXIT_CODES: &str = "\
Exit codes:
   0  done; the call was answered
   1  failed: no stack, no connection, a token that is not valid
   2  wrong command line
  10  refused by the service; its error code is printed
  11  declined
  12  busy
  13  no answer
  14  unreachable
  15  cancelled before an answer
  16  timed out";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// What was asked for has happened.
    Done,
    /// It could not be tried, or broke.
    Failed,
    /// The service said no.
    Refused,
    /// Who was called said no.
    Declined,
    /// Who was called is in another call.
    Busy,
    /// It rang, and nobody answered.
    NoAnswer,
    /// No device could be reached.
    Unreachable,
    /// The caller gave up before an answer.
    Cancelled,
    /// It took longer than it was allowed to.
    TimedOut,
}

impl Outcome {
    /// The exit code; [`EXIT_CODES`] explains them.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Refused => 10,
            Self::Declined => 11,
            Self::Busy => 12,
            Self::NoAnswer => 13,
            Self::Unreachable => 14,
            Self::Cancelled => 15,
            Self::TimedOut => 16,
        }
    }

    /// The word for it, in results as JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Declined => "declined",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Unreachable => "unreachable",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
        }
    }

    /// How a call ended, by the `reason` of `meeting_ended` and whether anybody had answered.
    pub fn of_meeting(reason: &str, answered: bool) -> Self {
        match reason {
            "rtc_failed" | "lost" => Self::Failed,
            _ if answered => Self::Done,
            "all_declined" => Self::Declined,
            "busy" => Self::Busy,
            "no_answer" | "unused" => Self::NoAnswer,
            "unreachable" => Self::Unreachable,
            _ => Self::Cancelled,
        }
    }

    /// How an invitation ended, by the state of its participant; `None` while it may still be answered, and when it
    /// was.
    pub fn of_participant(state: &str) -> Option<Self> {
        match state {
            "declined" => Some(Self::Declined),
            "user_busy" => Some(Self::Busy),
            "no_answer" => Some(Self::NoAnswer),
            "unreachable" => Some(Self::Unreachable),
            "cancelled" => Some(Self::Cancelled),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }

    /// How a ring ended on this device that nobody answered here, by the `reason` of `invitation_closed` or the code
    /// of a refusal.
    pub fn of_ring(reason: &str) -> Self {
        match reason {
            "answered_elsewhere" | "already_answered" => Self::Done,
            "declined_elsewhere" => Self::Declined,
            "expired" | "invitation_expired" => Self::NoAnswer,
            _ => Self::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_explains_every_exit_code() {
        use Outcome::{Busy, Cancelled, Declined, Done, Failed, NoAnswer, Refused, TimedOut, Unreachable};
        let all = [Done, Failed, Refused, Declined, Busy, NoAnswer, Unreachable, Cancelled, TimedOut];
        let explained: Vec<u8> = EXIT_CODES
            .lines()
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .filter(|code| *code != 2)
            .collect();
        assert_eq!(all.map(Outcome::exit_code).to_vec(), explained);
    }

    #[test]
    fn an_unanswered_call_ends_with_the_reason_of_the_meeting() {
        let exit_code = |reason| Outcome::of_meeting(reason, false).exit_code();
        let reasons = ["all_declined", "busy", "no_answer", "unreachable", "cancelled", "host_ended"];
        assert_eq!(reasons.map(exit_code), [11, 12, 13, 14, 15, 15]);
    }

    #[test]
    fn an_answered_call_is_done_unless_it_broke() {
        let exit_code = |reason| Outcome::of_meeting(reason, true).exit_code();
        assert_eq!(
            ["completed", "host_ended", "empty", "rtc_failed", "lost"].map(exit_code),
            [0, 0, 0, 1, 1]
        );
    }

    #[test]
    fn an_open_or_answered_invitation_has_no_outcome() {
        for state in ["invited", "ringing", "accepted", "joined", "left"] {
            assert_eq!(Outcome::of_participant(state), None, "{state}");
        }
        assert_eq!(Outcome::of_participant("user_busy"), Some(Outcome::Busy));
    }

    #[test]
    fn a_ring_that_another_device_took_is_no_failure() {
        assert_eq!(Outcome::of_ring("answered_elsewhere"), Outcome::Done);
        assert_eq!(Outcome::of_ring("declined_elsewhere"), Outcome::Declined);
        assert_eq!(Outcome::of_ring("expired"), Outcome::NoAnswer);
        assert_eq!(Outcome::of_ring("cancelled"), Outcome::Cancelled);
    }
}

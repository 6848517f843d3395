//! The outcome of a command, and its exit code for scripts.

/// Table of the exit codes for the help text.
pub const EXIT_CODES: &str = "\
Exit codes:
   0  done; the call was answered
   1  failed: no stack, no connection, an invalid token
   2  wrong command line
  10  refused by the service; its error code is printed
  11  declined
  12  busy
  13  no answer
  14  unreachable
  15  cancelled before an answer
  16  timed out";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommandOutcome {
    /// The request was carried out, or the call was answered.
    Done,
    /// The request could not be sent, or the call failed.
    Failed,
    /// The service refused the request.
    Refused,
    /// The callee declined.
    Declined,
    /// The callee is in another call.
    Busy,
    /// A device rang, and the callee did not answer.
    NoAnswer,
    /// No device of the callee could be reached.
    Unreachable,
    /// The caller cancelled the call before an answer.
    Cancelled,
    /// The time limit passed.
    TimedOut,
}

impl CommandOutcome {
    /// Returns the exit code; [`EXIT_CODES`] explains the codes.
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

    /// Returns the word for the outcome in the JSON output.
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

    /// Returns the outcome of an ended call, from the `reason` of `meeting_ended` and from whether a callee
    /// had answered.
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

    /// Returns the outcome of an invitation, from the state of its participant; `None` while the invitation
    /// is open, and after an accept.
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

    /// Returns the outcome of a ring that ended without an answer on this device, from the `reason` of
    /// `invitation_closed` or the code of a refusal.
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
        use CommandOutcome::{
            Busy, Cancelled, Declined, Done, Failed, NoAnswer, Refused, TimedOut, Unreachable,
        };
        let all = [Done, Failed, Refused, Declined, Busy, NoAnswer, Unreachable, Cancelled, TimedOut];
        let explained: Vec<u8> = EXIT_CODES
            .lines()
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .filter(|code| *code != 2)
            .collect();
        assert_eq!(all.map(CommandOutcome::exit_code).to_vec(), explained);
    }

    #[test]
    fn an_unanswered_call_ends_with_the_reason_of_the_meeting() {
        let exit_code = |reason| CommandOutcome::of_meeting(reason, false).exit_code();
        let reasons = ["all_declined", "busy", "no_answer", "unreachable", "cancelled", "host_ended"];
        assert_eq!(reasons.map(exit_code), [11, 12, 13, 14, 15, 15]);
    }

    #[test]
    fn an_answered_call_is_done_unless_it_was_lost() {
        let exit_code = |reason| CommandOutcome::of_meeting(reason, true).exit_code();
        assert_eq!(
            ["completed", "host_ended", "empty", "rtc_failed", "lost"].map(exit_code),
            [0, 0, 0, 1, 1]
        );
    }

    #[test]
    fn an_open_or_answered_invitation_has_no_outcome() {
        for state in ["invited", "ringing", "accepted", "joined", "left"] {
            assert_eq!(CommandOutcome::of_participant(state), None, "{state}");
        }
        assert_eq!(CommandOutcome::of_participant("user_busy"), Some(CommandOutcome::Busy));
    }

    #[test]
    fn a_call_accepted_on_another_device_is_done() {
        assert_eq!(CommandOutcome::of_ring("answered_elsewhere"), CommandOutcome::Done);
        assert_eq!(CommandOutcome::of_ring("declined_elsewhere"), CommandOutcome::Declined);
        assert_eq!(CommandOutcome::of_ring("expired"), CommandOutcome::NoAnswer);
        assert_eq!(CommandOutcome::of_ring("cancelled"), CommandOutcome::Cancelled);
    }
}

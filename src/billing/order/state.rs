//! The life of an order: which step leads where, and which is not legal.

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum, sqlx::Type)]
#[oai(rename = "OrderState", rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// Written down; the provider does not know of it yet.
    Created,
    /// Waiting for the money.
    Pending,
    /// The money is there; what was bought is not given yet.
    Paid,
    /// What was bought is given.
    Fulfilled,
    /// The time to pay is over.
    Expired,
    /// Given up by the buyer.
    Cancelled,
    /// All of the money went back.
    Refunded,
    /// The payer's bank claims the money back, or has got it.
    Disputed,
}

/// What happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The provider knows of it.
    Submit,
    /// The money came.
    Pay,
    /// What was bought is given.
    Fulfil,
    /// The time to pay ends.
    Expire,
    /// The buyer gives it up.
    Cancel,
    /// The last of the money goes back.
    Refund,
    /// The payer's bank claims the money.
    Dispute,
    /// Money that went back came again: a refund failed, a dispute was won.
    Restore,
    /// The same, and nothing was ever given for it.
    Reopen,
}

impl State {
    /// Where the step leads from here; none when it is not legal.
    pub fn after(self, step: Step) -> Option<Self> {
        use State::*;
        Some(match (self, step) {
            (Created, Step::Submit) => Pending,
            // money that comes late, or after the buyer gave up, is money all the same; before the
            // provider's answer was written down it comes when the process died in between
            (Created | Pending | Expired | Cancelled, Step::Pay) => Paid,
            (Created | Pending, Step::Expire) => Expired,
            (Created | Pending, Step::Cancel) => Cancelled,
            (Paid, Step::Fulfil) => Fulfilled,
            (Paid | Fulfilled | Disputed, Step::Refund) => Refunded,
            (Paid | Fulfilled | Refunded, Step::Dispute) => Disputed,
            (Refunded | Disputed, Step::Restore) => Fulfilled,
            (Refunded | Disputed, Step::Reopen) => Paid,
            _ => return None,
        })
    }

    /// Whether money came for it.
    pub fn has_money(self) -> bool {
        matches!(
            self,
            Self::Paid | Self::Fulfilled | Self::Refunded | Self::Disputed
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATES: [State; 8] = [
        State::Created,
        State::Pending,
        State::Paid,
        State::Fulfilled,
        State::Expired,
        State::Cancelled,
        State::Refunded,
        State::Disputed,
    ];
    const STEPS: [Step; 9] = [
        Step::Submit,
        Step::Pay,
        Step::Fulfil,
        Step::Expire,
        Step::Cancel,
        Step::Refund,
        Step::Dispute,
        Step::Restore,
        Step::Reopen,
    ];

    /// The table as a person would write it: a row for each state, a column for each step.
    #[test]
    fn only_legal_steps_are_taken() {
        let word = |state: Option<State>| match state {
            None => '.',
            Some(State::Cancelled) => 'X',
            Some(state) => format!("{state:?}").chars().next().unwrap(),
        };
        let table: Vec<String> = STATES
            .iter()
            .map(|state| STEPS.iter().map(|step| word(state.after(*step))).collect())
            .collect();
        // submit, pay, fulfil, expire, cancel, refund, dispute, restore, reopen
        let expected = [
            "PP.EX....",
            ".P.EX....",
            "..F..RD..",
            ".....RD..",
            ".P.......",
            ".P.......",
            "......DFP",
            ".....R.FP",
        ];
        assert_eq!(table, expected);
    }

    proptest! {
        #[test]
        fn nothing_is_given_that_was_not_paid(steps in prop::collection::vec(0_usize..9, 0..40)) {
            let (mut state, mut paid) = (State::Created, 0);
            for step in steps.into_iter().map(|step| STEPS[step]) {
                let Some(next) = state.after(step) else { continue };
                if step == Step::Pay {
                    paid += 1;
                }
                prop_assert_eq!(next.has_money(), paid == 1, "{:?} {:?}", state, step);
                // once money came there is no way back to an order that waits for it
                prop_assert!(paid <= 1);
                state = next;
            }
        }
    }
}

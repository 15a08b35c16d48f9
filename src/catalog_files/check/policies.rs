//! Policies: every rule can be followed, and every step can ask somebody.

use super::{APPROVERS, Checker, OnlyOwners, unknown};
use crate::catalog_files::{
    format::{AskFile, DeadlineFile, PolicyFile, ReassignFile, RuleFile, StepFile, WaitFile, part, reference},
    place::Place,
};
use crate::domain::{
    condition::Expression,
    nearest::nearest,
    organisation::{PolicyEntry, kind_word},
    policy::{
        Approval, ApproverSpec, AtDeadline, Deadline, PolicyKind, ReasonRule, Reassign, ReassignTo, Rule, StepSpec,
        Wait, WaitOver,
    },
    settings::is_channel,
    step::Quorum,
};
use serde_yaml_ng::Value;
use std::collections::BTreeSet;

/// The shortest deadline that a person can be expected to keep, in seconds.
const SHORTEST_DEADLINE: i64 = 60;

impl Checker {
    pub(super) fn policies(&mut self, policies: &[(Place<'_>, PolicyFile)]) {
        const KINDS: [PolicyKind; 4] = [
            PolicyKind::Request,
            PolicyKind::Emergency,
            PolicyKind::Review,
            PolicyKind::Revoke,
        ];
        for (place, policy) in policies {
            if !self.key(
                place,
                &policy.key,
                "policy",
                self.wanted.policies.contains_key(&policy.key),
            ) {
                continue;
            }
            let wrote = policy.kind.as_deref().unwrap_or("request");
            let kind = KINDS.into_iter().find(|kind| kind_word(*kind) == wrote);
            if kind.is_none() {
                self.wrong(&place.field("kind"), unknown("kind", wrote, &KINDS.map(kind_word)));
            }
            let at = place.field("rules");
            let mut rules = Vec::new();
            for (index, rule) in policy.rules.iter().enumerate() {
                let last = index + 1 == policy.rules.len();
                let checked = self.rule(&at.item(index), rule, last, &policy.key);
                if kind == Some(PolicyKind::Emergency) && checked.steps.len() == rule.steps.len() {
                    self.never_in_silence(&at.item(index).field("steps"), &checked);
                }
                rules.push(checked);
            }
            if policy.rules.is_empty() {
                self.wrong(&at, "a policy needs a rule");
            }
            let name = self.name(place, &policy.name);
            let entry = PolicyEntry {
                name,
                kind: kind.unwrap_or(PolicyKind::Request),
                rules,
            };
            self.wanted.policies.insert(policy.key.clone(), entry);
        }
    }

    /// Nothing is decided about an emergency because nobody has answered it: it neither ends nor passes.
    fn never_in_silence(&mut self, place: &Place<'_>, rule: &Rule) {
        let decides = |then: &AtDeadline| match then {
            AtDeadline::Deny | AtDeadline::Expire | AtDeadline::Cancel | AtDeadline::Skip => true,
            AtDeadline::Fallback | AtDeadline::Ask(_) | AtDeadline::Remind => false,
        };
        for (index, step) in rule.steps.iter().enumerate() {
            let StepSpec::Approval(approval) = step else { continue };
            if approval.deadline.iter().any(|deadline| decides(&deadline.then)) {
                self.wrong(
                    &place.item(index).field("deadline"),
                    "nothing is decided about an emergency because nobody answers it; `then: fallback` asks others too, and after a \
                     quarter of an hour it is an alarm to the last resort",
                );
            }
        }
    }

    fn rule(&mut self, place: &Place<'_>, rule: &RuleFile, last: bool, policy: &str) -> Rule {
        let when = rule
            .when
            .as_ref()
            .and_then(|source| self.condition(&place.field("when"), source));
        if last && rule.when.is_some() {
            let sentence = "the last rule must apply always (no `when`), so that no request falls through";
            self.wrong(&place.field("when"), sentence);
        }
        if !last && rule.when.is_none() {
            self.wrong(
                place,
                "this rule applies always (no `when`), so the rules after it never do",
            );
        }
        let at = place.field("steps");
        if rule.steps.is_empty() {
            self.wrong(
                &at,
                "a rule needs a step; to let a request pass by itself write `- approve: true`",
            );
        }
        if !rule.steps.is_empty() && rule.steps.iter().all(|step| step.wait.is_some()) {
            self.wrong(
                &at,
                "waiting alone decides nothing: a rule needs `approvers`, `approve` or `deny` too",
            );
        }
        let mut steps = Vec::new();
        for (index, step) in rule.steps.iter().enumerate() {
            steps.extend(self.step(&at.item(index), step, policy));
        }
        Rule {
            name: rule.name.trim().to_owned(),
            when,
            steps,
        }
    }

    fn step(&mut self, place: &Place<'_>, step: &StepFile, policy: &str) -> Option<StepSpec> {
        let sorts = [
            step.approvers.is_some(),
            step.approve.is_some(),
            step.deny.is_some(),
            step.wait.is_some(),
        ];
        if sorts.iter().filter(|sort| **sort).count() != 1 {
            self.wrong(
                place,
                "a step has either `approvers`, or `approve`, or `deny`, or `wait`",
            );
            return None;
        }
        if step.approvers.is_none() {
            let people = [
                ("quorum", step.quorum.is_some()),
                ("fallback", step.fallback.is_some()),
                ("self_approval", step.self_approval.is_some()),
                ("distinct", step.distinct.is_some()),
                ("reason", step.reason.is_some()),
                ("deadline", step.deadline.is_some()),
                ("claim", step.claim.is_some()),
                ("remind", step.remind.is_some()),
                ("channel", step.channel.is_some()),
                ("reassign", step.reassign.is_some()),
                ("name", !step.name.is_empty() && step.wait.is_none()),
            ];
            for (field, _) in people.iter().filter(|(_, said)| *said) {
                let sentence = if step.wait.is_some() {
                    format!("`{field}` has no effect on a step that only waits")
                } else {
                    format!("`{field}` has no effect on a step that passes or denies by itself")
                };
                self.wrong(&place.field(field), sentence);
            }
        }
        if let Some(wait) = &step.wait {
            return self.wait(&place.field("wait"), step, wait).map(StepSpec::Wait);
        }
        if let Some(message) = &step.deny {
            if message.trim().is_empty() {
                self.wrong(&place.field("deny"), "the requester needs a reason: `deny: …`");
            }
            return Some(StepSpec::Deny {
                message: message.trim().to_owned(),
            });
        }
        match &step.approve {
            None => {}
            Some(Value::Bool(true)) => return Some(StepSpec::Approve { message: String::new() }),
            Some(Value::String(message)) => {
                return Some(StepSpec::Approve {
                    message: message.trim().to_owned(),
                });
            }
            Some(_) => {
                self.wrong(
                    &place.field("approve"),
                    "write `approve: true`, or a message for the people concerned",
                );
                return None;
            }
        }
        self.approval(place, step, policy).map(StepSpec::Approval)
    }

    fn approval(&mut self, place: &Place<'_>, step: &StepFile, policy: &str) -> Option<Approval> {
        let before = self.troubles();
        let approvers = self.approvers(&place.field("approvers"), step.approvers.as_deref().unwrap_or_default());
        let fallback = self.approvers(&place.field("fallback"), step.fallback.as_deref().unwrap_or_default());
        let quorum = match &step.quorum {
            None => Quorum::Any,
            Some(Value::String(word)) if word == "any" => Quorum::Any,
            Some(Value::String(word)) if word == "all" => Quorum::All,
            Some(Value::Number(number)) if number.as_u64().is_some_and(|count| (1..=1_000).contains(&count)) => {
                Quorum::AtLeast(number.as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(1))
            }
            Some(_) => {
                self.wrong(&place.field("quorum"), "the quorum is `any`, `all` or a number from 1");
                Quorum::Any
            }
        };
        let reason = match step.reason.as_deref() {
            None | Some("to_deny") => ReasonRule::ToDeny,
            Some("never") => ReasonRule::Never,
            Some("to_approve") => ReasonRule::ToApprove,
            Some("always") => ReasonRule::Always,
            Some(other) => {
                let at = place.field("reason");
                self.wrong(
                    &at,
                    unknown("rule", other, &["never", "to_deny", "to_approve", "always"]),
                );
                ReasonRule::ToDeny
            }
        };
        let deadline = self.deadlines(place, step, !fallback.is_empty());
        let claim = self.pause(&place.field("claim"), step.claim.as_deref());
        let remind = self.pause(&place.field("remind"), step.remind.as_deref());
        let channel = self.channel(&place.field("channel"), step.channel.as_deref());
        let reassign = self.reassign(&place.field("reassign"), step.reassign.as_ref());
        if self.troubles() > before {
            return None;
        }
        self.somebody(place, &approvers, &fallback, quorum, policy);
        Some(Approval {
            name: step.name.trim().to_owned(),
            approvers,
            quorum,
            fallback,
            self_approval: step.self_approval.unwrap_or(false),
            distinct: step.distinct.unwrap_or(false),
            reason,
            deadline,
            claim,
            reassign,
            remind,
            channel,
            patience: None,
        })
    }

    /// A length that people are left in peace for: at least a minute.
    fn pause(&mut self, place: &Place<'_>, said: Option<&str>) -> Option<i64> {
        let seconds = self.seconds(place, said?)?;
        if seconds < SHORTEST_DEADLINE {
            self.wrong(place, "that is too short; write at least a minute");
        }
        Some(seconds)
    }

    /// A channel of Slack: its name with `#`, or its id.
    fn channel(&mut self, place: &Place<'_>, said: Option<&str>) -> Option<String> {
        let channel = said?.trim();
        if !is_channel(channel) {
            let sentence = format!("`{channel}` is no channel: write its id (C0123456789) or \"#its-name\", in quotes");
            self.wrong(place, sentence);
            return None;
        }
        Some(channel.to_owned())
    }

    fn reassign(&mut self, place: &Place<'_>, said: Option<&Value>) -> Option<Reassign> {
        let file = match said? {
            to @ (Value::String(_) | Value::Sequence(_)) => ReassignFile {
                to: to.clone(),
                reason: None,
            },
            said => match serde_yaml_ng::from_value(said.clone()) {
                Ok(file) => file,
                Err(_) => {
                    let sentence =
                        "write `reassign: anyone`, or whom as in `reassign: { to: [group:security], reason: true }`";
                    self.wrong(place, sentence);
                    return None;
                }
            },
        };
        let to = match &file.to {
            Value::String(word) if word == "anyone" => ReassignTo::Anyone,
            Value::Sequence(values) if !values.is_empty() => {
                ReassignTo::These(self.approvers(&place.field("to"), values))
            }
            _ => {
                self.wrong(place, "say to whom: `anyone`, or a list of approvers");
                return None;
            }
        };
        Some(Reassign {
            to,
            reason: file.reason.unwrap_or(true),
        })
    }

    /// `wait: 2h`, or what it waits for.
    fn wait(&mut self, place: &Place<'_>, step: &StepFile, said: &Value) -> Option<Wait> {
        let name = step.name.trim().to_owned();
        if let Value::String(time) = said {
            return Some(Wait {
                name,
                until: None,
                at_most: self.seconds(place, time)?,
                then: WaitOver::Pass,
            });
        }
        let said: WaitFile = match part(said) {
            Ok(said) => said,
            Err(sentence) => {
                let shape = "write `wait: 2h` or `wait: { until: …, at_most: 1d, then: deny }`";
                self.wrong(place, format!("{sentence}; {shape}"));
                return None;
            }
        };
        let until = self.condition(&place.field("until"), &said.until);
        let at_most = self.seconds(&place.field("at_most"), &said.at_most);
        let then = match said.then.as_str() {
            "deny" => Some(WaitOver::Deny),
            "skip" => Some(WaitOver::Skip),
            "expire" => Some(WaitOver::Expire),
            other => {
                self.wrong(
                    &place.field("then"),
                    unknown("outcome", other, &["deny", "skip", "expire"]),
                );
                None
            }
        };
        Some(Wait {
            name,
            until: Some(until?),
            at_most: at_most?,
            then: then?,
        })
    }

    /// One deadline, or a list of them: each later than the one before, and none after the end.
    fn deadlines(&mut self, place: &Place<'_>, step: &StepFile, fallback: bool) -> Vec<Deadline> {
        let place = place.field("deadline");
        let said: Vec<(Place<'_>, &Value)> = match &step.deadline {
            None => return Vec::new(),
            Some(Value::Sequence(all)) => all.iter().enumerate().map(|(at, one)| (place.item(at), one)).collect(),
            Some(one) => vec![(place.clone(), one)],
        };
        if said.is_empty() {
            self.wrong(&place, "there is no deadline in this list");
        }
        let mut deadlines: Vec<Deadline> = Vec::new();
        for (place, said) in said {
            let Some(deadline) = self.deadline(&place, said, fallback) else {
                continue;
            };
            match deadlines.last() {
                Some(last) if !last.then.goes_on() => {
                    self.wrong(
                        &place,
                        "this never happens: the step is over with the deadline before it",
                    );
                }
                Some(last) if last.after >= deadline.after => {
                    self.wrong(
                        &place.field("after"),
                        "each deadline is later than the one before (all count from when the step is reached)",
                    );
                }
                _ => {}
            }
            deadlines.push(deadline);
        }
        deadlines
    }

    fn deadline(&mut self, place: &Place<'_>, said: &Value, fallback: bool) -> Option<Deadline> {
        let said: DeadlineFile = match part(said) {
            Ok(said) => said,
            Err(sentence) => {
                self.wrong(place, format!("{sentence}; a deadline is `{{ after: 4h, then: … }}`"));
                return None;
            }
        };
        let after = self.seconds(&place.field("after"), &said.after)?;
        if after < SHORTEST_DEADLINE {
            self.wrong(&place.field("after"), "nobody can decide in less than a minute");
        }
        let at = place.field("then");
        let then = match said.then.as_str() {
            Some("fallback") if !fallback => {
                self.wrong(&at, "there is no `fallback` to ask");
                return None;
            }
            Some("fallback") => AtDeadline::Fallback,
            Some("deny") => AtDeadline::Deny,
            Some("expire") => AtDeadline::Expire,
            Some("skip") => AtDeadline::Skip,
            Some("cancel") => AtDeadline::Cancel,
            Some("remind") => AtDeadline::Remind,
            Some(other) => {
                let known = ["fallback", "remind", "skip", "deny", "cancel", "expire"];
                self.wrong(&at, unknown("outcome", other, &known));
                return None;
            }
            None => match part::<AskFile>(&said.then) {
                Ok(AskFile { ask }) => {
                    let at = at.field("ask");
                    if ask.is_empty() {
                        self.wrong(&at, "there is nobody to ask");
                    }
                    AtDeadline::Ask(self.approvers(&at, &ask))
                }
                Err(sentence) => {
                    self.wrong(
                        &at,
                        format!("{sentence}; write a word or `{{ ask: [group:security] }}`"),
                    );
                    return None;
                }
            },
        };
        Some(Deadline { after, then })
    }

    fn approvers(&mut self, place: &Place<'_>, values: &[Value]) -> Vec<ApproverSpec> {
        let mut specs: Vec<ApproverSpec> = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let at = place.item(index);
            let spec = match reference(value) {
                Some((sort, word)) if sort.is_empty() => match word.as_str() {
                    "manager" => Some(ApproverSpec::Manager),
                    "app_owners" => Some(ApproverSpec::AppOwners),
                    "resource_owners" => Some(ApproverSpec::ResourceOwners),
                    "entitlement_owners" => Some(ApproverSpec::EntitlementOwners),
                    "subject" => Some(ApproverSpec::Subject),
                    key if self.wanted.people.contains_key(key) => Some(ApproverSpec::People(vec![word])),
                    key => {
                        let known = self.wanted.people.keys().map(String::as_str).chain(APPROVERS);
                        let meant = nearest(key, known).map(|meant| format!("; did you mean `{meant}`?"));
                        let sentence = format!("the approver `{key}` does not exist{}", meant.unwrap_or_default());
                        self.wrong(&at, sentence);
                        None
                    }
                },
                Some((sort, key)) if sort == "group" => {
                    self.group_exists(&at, &key).then_some(ApproverSpec::Group(key))
                }
                Some((sort, key)) if sort == "oncall" => {
                    let known = self.wanted.rotations.contains_key(&key);
                    if !known {
                        self.missing(&at, "rotation", &key, |wanted| &wanted.rotations);
                    }
                    known.then_some(ApproverSpec::OnCall(key))
                }
                Some((sort, source)) if sort == "expression" => {
                    let inside = if matches!(value, Value::Mapping(_)) {
                        at.field("expression")
                    } else {
                        at
                    };
                    match Expression::parse(&source) {
                        Ok(expression) => Some(ApproverSpec::Expression(expression)),
                        Err(error) => {
                            self.wrong_inside(&inside, error.at, error.sentence);
                            None
                        }
                    }
                }
                _ => {
                    let sentence = "an approver is manager, app_owners, resource_owners, entitlement_owners, subject, a \
                                    person (`ana`), a group (`group:database-owners`), whoever is on call \
                                    (`oncall:payments`) or `expression: …`";
                    self.wrong(&at, sentence);
                    None
                }
            };
            match (spec, specs.last_mut()) {
                // Neighbouring people are one entry, as if they were a list.
                (Some(ApproverSpec::People(mut more)), Some(ApproverSpec::People(keys))) => keys.append(&mut more),
                (Some(spec), _) => specs.push(spec),
                (None, _) => {}
            }
        }
        specs
    }

    /// Can the step ever ask somebody, and enough people, by its own means?
    fn somebody(
        &mut self,
        place: &Place<'_>,
        approvers: &[ApproverSpec],
        fallback: &[ApproverSpec],
        quorum: Quorum,
        policy: &str,
    ) {
        let all = || approvers.iter().chain(fallback);
        let owners = |spec: &&ApproverSpec| {
            matches!(
                spec,
                ApproverSpec::AppOwners | ApproverSpec::ResourceOwners | ApproverSpec::EntitlementOwners
            )
        };
        // Whom these come to is known only when somebody asks.
        let others = |spec: &&ApproverSpec| {
            matches!(
                spec,
                ApproverSpec::Manager | ApproverSpec::Subject | ApproverSpec::Expression(_) | ApproverSpec::OnCall(_)
            )
        };
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for spec in all() {
            match spec {
                ApproverSpec::People(keys) => named.extend(keys.iter().map(String::as_str)),
                ApproverSpec::Group(key) => {
                    named.extend(
                        self.wanted
                            .groups
                            .get(key)
                            .into_iter()
                            .flat_map(|group| &group.members)
                            .map(String::as_str),
                    );
                }
                _ => {}
            }
        }
        let count = named.len();
        let doubtful = |spec: &ApproverSpec| matches!(spec, ApproverSpec::Group(key) if self.doubtful.contains(key));
        if all().any(|spec| others(&spec) || doubtful(spec)) {
            return;
        }
        if count == 0 && all().any(|spec| owners(&spec)) {
            let only = if all().any(|spec| *spec == ApproverSpec::EntitlementOwners) {
                OnlyOwners::Entitlement
            } else if all().any(|spec| *spec == ApproverSpec::ResourceOwners) {
                OnlyOwners::Resource
            } else {
                OnlyOwners::App
            };
            self.by_owners.entry(policy.to_owned()).or_insert(only);
        } else if count == 0 {
            self.wrong(
                &place.field("approvers"),
                "this step can only come to nobody; name somebody, or a group with members",
            );
        } else if let Quorum::AtLeast(wanted) = quorum
            && (wanted as usize) > count
            && !all().any(|spec| owners(&spec))
        {
            let people = if count == 1 { "person is" } else { "people are" };
            self.wrong(
                &place.field("quorum"),
                format!("{wanted} have to approve, and only {count} {people} named"),
            );
        }
    }
}

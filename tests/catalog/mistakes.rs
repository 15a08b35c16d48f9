//! Every mistake in the files is named with its file, line, column and a sentence.

use c1::catalog_files::Folder;

/// A small organisation whose files are in order.
const BASE: &[(&str, &str)] = &[
    ("organisation.yaml", "last_resort: [erin]\n"),
    (
        "people.yaml",
        "\
- { key: ana, name: Ana Alvarez, email: ana@example.com, manager: bob }
- { key: bob, name: Bob Brandt, email: bob@example.com, manager: erin }
- key: erin
  name: Erin Eze
  email: erin@example.com
  roles: [auditor]
",
    ),
    (
        "groups.yaml",
        "\
- { key: owners, name: Owners, members: [bob, erin] }
- { key: empty, name: Nobody }
",
    ),
    (
        "policies.yaml",
        "\
- key: owner
  name: Owner
  rules:
    - name: short
      when: request.minutes <= 60
      steps:
        - approve: true
    - steps:
        - approvers: [entitlement_owners]
          deadline: { after: 4h, then: deny }
- key: two
  name: Two
  rules:
    - steps:
        - approvers: [group:owners]
          quorum: 2
- key: glass
  name: Break glass
  kind: emergency
  rules:
    - steps:
        - approve: true
",
    ),
    (
        "apps/github.yaml",
        "\
key: github
name: GitHub
owners: [group:owners]
entitlements:
  - key: access
    name: Access
    policy: owner
  - key: admin
    name: Admin
    resource: payments
    policy: two
    lengths: { presets: [1h, 8h], max: 1d, default: 8h }
    emergency:
      enabled: true
      policy: glass
      max: 2h
      who: [group:owners, \"role:auditor\", { when: subject.key == 'ana' }]
",
    ),
    (
        "catalogs.yaml",
        "\
- { key: all, name: All, everyone: true, entitlements: [github/*] }
",
    ),
];

/// The small organisation with one text in place of another.
fn with(file: &str, from: &str, to: &str) -> Folder {
    let mut files: Vec<(&str, String)> = BASE.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    let (_, text) = files
        .iter_mut()
        .find(|(name, _)| *name == file)
        .expect("one of the files");
    assert!(text.contains(from), "{file} has no {from}");
    *text = text.replacen(from, to, 1);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Folder::of(&files)
}

/// What is wrong, each in a line.
fn problems(folder: &Folder) -> Vec<String> {
    match folder.check() {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .iter()
            .map(|problem| {
                format!(
                    "{}:{}:{}: {}",
                    problem.file, problem.line, problem.column, problem.sentence
                )
            })
            .collect(),
    }
}

#[test]
fn files_in_order_are_accepted() {
    let checked = Folder::of(BASE).check().expect("in order");
    assert_eq!(checked.organisation.people.len(), 3);
    assert_eq!(checked.organisation.entitlements.len(), 2);
    assert_eq!(
        checked.organisation.groups["last-resort"]
            .members
            .iter()
            .collect::<Vec<_>>(),
        ["erin"]
    );
    assert_eq!(checked.warnings, []);
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let mut differences = String::new();
    for (file, from, to, expected) in MISTAKES {
        let found = problems(&with(file, from, to)).join("\n");
        if found != *expected {
            differences += &format!("({file:?}, {from:?}, {to:?}, {found:?}),\n");
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_files() {
    let folder = with("people.yaml", "manager: bob", "manager: bbo");
    let text = folder.check().expect_err("a mistake").to_string();
    assert_eq!(
        text,
        "people.yaml:1:67: the person `bbo` does not exist; did you mean `bob`?
  1 | - { key: ana, name: Ana Alvarez, email: ana@example.com, manager: bbo }
    |                                                                   ^

1 problem; nothing was changed."
    );
    let mut files = BASE.to_vec();
    files[2].1 = "- { key: owners, name: '', members: [bbo, eirn] }\n- { key: empty, name: Nobody }\n";
    let found = problems(&Folder::of(&files));
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn what_is_odd_but_allowed_is_a_warning() {
    let warnings = |folder: Folder| -> Vec<String> {
        let checked = folder.check().expect("in order");
        checked
            .warnings
            .iter()
            .map(|warning| format!("{}:{}: {}", warning.file, warning.line, warning.sentence))
            .collect()
    };
    assert_eq!(
        warnings(with("catalogs.yaml", "github/*", "github/access")),
        ["apps/github.yaml:8: this entitlement is in no catalog, so nobody sees it"]
    );
    assert_eq!(
        warnings(with("apps/github.yaml", "policy: two", "policy: owner")),
        ["policies.yaml:11: no entitlement uses this policy"]
    );
}

#[test]
fn a_folder_that_would_be_overlooked_in_part_is_refused() {
    let folder = tempfile::tempdir().expect("a place for files");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    let sentence = || match c1::catalog_files::read(folder.path()) {
        Ok(_) => "fine".to_owned(),
        Err(problems) => problems
            .iter()
            .map(|problem| problem.sentence.clone())
            .collect::<Vec<_>>()
            .join("; "),
    };
    assert!(
        sentence().starts_with("there is no organisation here"),
        "{}",
        sentence()
    );
    BASE.iter().for_each(|(name, text)| write(name, text));
    write("README.md", "# us");
    write(".hidden.yaml", "x: [");
    assert_eq!(sentence(), "fine");
    write("poeple.yaml", "[]");
    assert!(sentence().starts_with("this file would not be read"), "{}", sentence());
    let missing = c1::catalog_files::read(&folder.path().join("nowhere"))
        .expect_err("no such folder")
        .to_string();
    assert!(missing.contains("No such file or directory"), "{missing}");
}

/// File, text, its replacement, and what is then wrong.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    (
        "people.yaml",
        "roles: [auditor]",
        "roles: [",
        "people.yaml:7:1: this is not YAML: did not find expected node content",
    ),
    (
        "people.yaml",
        "roles: [auditor]",
        "role: [auditor]",
        "people.yaml:6:3: the field `role` is unknown; did you mean `roles`? Known here: key, name, email, title, team, manager, roles",
    ),
    (
        "people.yaml",
        "  name: Erin Eze\n",
        "",
        "people.yaml:3:3: the field `name` is missing",
    ),
    (
        "people.yaml",
        "  name: Erin Eze\n",
        "  name: [Erin, Eze]\n",
        "people.yaml:4:9: invalid type: sequence, expected a string",
    ),
    (
        "people.yaml",
        "roles: [auditor]",
        "roles: [audtior]",
        "people.yaml:6:11: the role `audtior` is unknown; did you mean `auditor`? Known: helpdesk, request_admin, app_admin, auditor, super_admin",
    ),
    (
        "people.yaml",
        "key: ana",
        "key: Ana A",
        "people.yaml:1:10: `Ana A` is not a key: lower-case letters, digits, `-`, `_` and `.`, at most 60",
    ),
    (
        "people.yaml",
        "key: ana",
        "key: bob",
        "people.yaml:1:67: nobody is their own manager\npeople.yaml:2:10: there is another person with the key `bob`",
    ),
    (
        "people.yaml",
        "key: erin",
        "key: manager",
        "groups.yaml:1:47: the person `erin` does not exist\norganisation.yaml:1:15: the person `erin` does not exist\npeople.yaml:2:66: the person `erin` does not exist\npeople.yaml:3:8: `manager` names approvers and cannot be a person",
    ),
    (
        "people.yaml",
        "manager: erin",
        "manager: bob",
        "people.yaml:2:66: nobody is their own manager",
    ),
    (
        "people.yaml",
        "manager: erin",
        "manager: ana",
        "people.yaml:1:67: the managers go round in a ring: ana → bob → ana",
    ),
    (
        "people.yaml",
        "manager: erin",
        "manager: eirn",
        "people.yaml:2:66: the person `eirn` does not exist; did you mean `erin`?",
    ),
    (
        "people.yaml",
        "email: bob@example.com",
        "email: Ana@Example.com",
        "people.yaml:2:40: `ana` has the same address",
    ),
    (
        "people.yaml",
        "email: bob@example.com",
        "email: bob",
        "people.yaml:2:40: `bob` is not an e-mail address",
    ),
    (
        "people.yaml",
        "name: Bob Brandt",
        "name: ''",
        "people.yaml:2:21: the name is empty",
    ),
    (
        "organisation.yaml",
        "last_resort: [erin]",
        "last_resort: []",
        "organisation.yaml:1:1: nobody decides when nobody else can: name a `last_resort` in organisation.yaml, or give somebody the role super_admin",
    ),
    (
        "organisation.yaml",
        "last_resort: [erin]",
        "last_resort: [\"group:empty\"]",
        "organisation.yaml:1:1: nobody decides when nobody else can: name a `last_resort` in organisation.yaml, or give somebody the role super_admin",
    ),
    (
        "organisation.yaml",
        "last_resort: [erin]",
        "lastresort: [erin]",
        "organisation.yaml:1:1: the field `lastresort` is unknown; did you mean `last_resort`? Known here: last_resort, security_channel, quiet_hours, approvals_channel, ask_one_by_one_up_to, emergencies, reviews, drill, away_in_slack",
    ),
    (
        "organisation.yaml",
        "last_resort: [erin]",
        "last_resort: [erin]\nask_one_by_one_up_to: 2",
        "organisation.yaml:2:23: up to 3 people are always asked one by one; write a number from 3",
    ),
    (
        "organisation.yaml",
        "last_resort: [erin]",
        "last_resort: [erin]\naway_in_slack: { status: [on holiday], do_not_disturb: 5m }",
        "organisation.yaml:2:27: `on holiday` is no emoji: write its name, such as palm_tree\norganisation.yaml:2:56: whoever does not want to be disturbed for less than a quarter of an hour is not away",
    ),
    (
        "organisation.yaml",
        "last_resort: [erin]",
        "last_resort: [erin]\nquiet_hours: at night",
        "organisation.yaml:2:14: `at night` are no quiet hours: write `20:00-08:00 and weekends`, `22:00-06:00` or `never`",
    ),
    (
        "organisation.yaml",
        "last_resort: [erin]",
        "last_resort: [erin]\nemergencies: { alarm_after: 2d }",
        "organisation.yaml:2:29: an emergency that nobody answers is an alarm within a day; write a length from 1m to 1d",
    ),
    (
        "organisation.yaml",
        "last_resort: [erin]",
        "last_resort: [erin]\nreviews: { within: soon, digest: someday }",
        "organisation.yaml:2:20: “soon” is not a length. Please write something like 90m, 12h or 1w2d\norganisation.yaml:2:34: `someday` is no moment of a week: write a day and a time in UTC, such as monday 09:00",
    ),
    (
        "organisation.yaml",
        "last_resort: [erin]",
        "last_resort: [erin]\nsecurity_channel: Security",
        "organisation.yaml:2:19: `Security` is no channel: write its id (C0123456789) or \"#its-name\", in quotes",
    ),
    (
        "policies.yaml",
        "    - steps:\n        - approve: true\n",
        "    - steps:\n        - approvers: [entitlement_owners]\n          deadline: { after: 10m, then: expire }\n",
        "policies.yaml:23:21: nothing is decided about an emergency because nobody answers it; `then: fallback` asks others too, and after a quarter of an hour it is an alarm to the last resort",
    ),
    (
        "groups.yaml",
        "members: [bob, erin]",
        "members: [bob, eirn]",
        "groups.yaml:1:47: the person `eirn` does not exist; did you mean `erin`?",
    ),
    (
        "groups.yaml",
        "members: [bob, erin]",
        "members: [bob, bob]",
        "groups.yaml:1:47: `bob` is in the group already",
    ),
    (
        "groups.yaml",
        "key: empty",
        "key: owners",
        "groups.yaml:2:10: there is another group with the key `owners`",
    ),
    (
        "groups.yaml",
        "key: empty",
        "key: last-resort",
        "groups.yaml:2:10: `last-resort` is made of `last_resort` in organisation.yaml",
    ),
    (
        "policies.yaml",
        "when: request.minutes <= 60",
        "when: request.minuts <= 60",
        "policies.yaml:5:20: the field `minuts` is unknown, did you mean `minutes`? (a request has emergency, minutes, has_end, for_other)",
    ),
    (
        "policies.yaml",
        "when: request.minutes <= 60",
        "when: \"request.emergency == 'yes'\"",
        "policies.yaml:5:32: `==` compares true or false with text, which never holds",
    ),
    (
        "policies.yaml",
        "when: request.minutes <= 60",
        "when: request.minutes <=",
        "policies.yaml:5:31: the condition is not CEL: mismatched input '<EOF>'",
    ),
    (
        "policies.yaml",
        "      when: request.minutes <= 60\n",
        "",
        "policies.yaml:4:7: this rule applies always (no `when`), so the rules after it never do",
    ),
    (
        "policies.yaml",
        "    - steps:\n        - approvers: [group:owners]",
        "    - when: 'true'\n      steps:\n        - approvers: [group:owners]",
        "policies.yaml:14:13: the last rule must apply always (no `when`), so that no request falls through",
    ),
    (
        "policies.yaml",
        "        - approve: true\n    - steps:",
        "        []\n    - steps:",
        "policies.yaml:7:9: a rule needs a step; to let a request pass by itself write `- approve: true`",
    ),
    (
        "policies.yaml",
        "        - approve: true\n    - steps:",
        "        - approve: false\n    - steps:",
        "policies.yaml:7:20: write `approve: true`, or a message for the people concerned",
    ),
    (
        "policies.yaml",
        "        - approve: true\n    - steps:",
        "        - { approve: true, quorum: 2 }\n    - steps:",
        "policies.yaml:7:36: `quorum` has no effect on a step that passes or denies by itself",
    ),
    (
        "policies.yaml",
        "        - approve: true\n    - steps:",
        "        - { approve: true, deny: No }\n    - steps:",
        "policies.yaml:7:11: a step has either `approvers`, or `approve`, or `deny`, or `wait`",
    ),
    (
        "policies.yaml",
        "        - approve: true\n    - steps:",
        "        - deny: ''\n    - steps:",
        "policies.yaml:7:17: the requester needs a reason: `deny: …`",
    ),
    (
        "policies.yaml",
        "approvers: [entitlement_owners]",
        "approvers: [entitlement_owner]",
        "policies.yaml:9:23: the approver `entitlement_owner` does not exist; did you mean `entitlement_owners`?",
    ),
    (
        "policies.yaml",
        "approvers: [entitlement_owners]",
        "approvers: [role:auditor]",
        "policies.yaml:9:23: an approver is manager, app_owners, resource_owners, entitlement_owners, subject, a person (`ana`), a group (`group:database-owners`), whoever is on call (`oncall:payments`) or `expression: …`",
    ),
    (
        "policies.yaml",
        "approvers: [entitlement_owners]",
        "approvers: []",
        "policies.yaml:9:22: this step can only come to nobody; name somebody, or a group with members",
    ),
    (
        "policies.yaml",
        "approvers: [entitlement_owners]",
        "approvers: [group:empty]",
        "policies.yaml:9:22: this step can only come to nobody; name somebody, or a group with members",
    ),
    (
        "policies.yaml",
        "approvers: [entitlement_owners]",
        "approvers: [group:ownres]",
        "policies.yaml:9:23: the group `ownres` does not exist; did you mean `owners`?",
    ),
    (
        "policies.yaml",
        "then: deny",
        "then: fallback",
        "policies.yaml:10:40: there is no `fallback` to ask",
    ),
    (
        "policies.yaml",
        "deadline: { after: 4h, then: deny }",
        "deadline: [{ after: 4h, then: deny }, { after: 5h, then: expire }]",
        "policies.yaml:10:49: this never happens: the step is over with the deadline before it",
    ),
    (
        "policies.yaml",
        "deadline: { after: 4h, then: deny }",
        "deadline: [{ after: 4h, then: { ask: [bob] } }, { after: 4h, then: skip }]",
        "policies.yaml:10:68: each deadline is later than the one before (all count from when the step is reached)",
    ),
    (
        "policies.yaml",
        "deadline: { after: 4h, then: deny }",
        "deadline: { after: 4h, then: { ask: [group:ownres] } }",
        "policies.yaml:10:48: the group `ownres` does not exist; did you mean `owners`?",
    ),
    (
        "policies.yaml",
        "deadline: { after: 4h, then: deny }",
        "deadline: { after: 4h, then: { akc: [bob] } }",
        "policies.yaml:10:40: the field `akc` is unknown. Known here: ask; write a word or `{ ask: [group:security] }`",
    ),
    (
        "policies.yaml",
        "deadline: { after: 4h, then: deny }",
        "deadline: { aftr: 4h, then: deny }",
        "policies.yaml:10:21: the field `aftr` is unknown; did you mean `after`? Known here: after, then; a deadline is `{ after: 4h, then: … }`",
    ),
    (
        "policies.yaml",
        "deadline: { after: 4h, then: deny }",
        "deadline: []",
        "policies.yaml:10:21: there is no deadline in this list",
    ),
    (
        "policies.yaml",
        "approvers: [entitlement_owners]",
        "approvers: [oncall:data]",
        "policies.yaml:9:23: the rotation `data` does not exist",
    ),
    (
        "policies.yaml",
        "approvers: [entitlement_owners]",
        "approvers: [{ expression: subject.boss }]",
        "policies.yaml:9:44: the field `boss` is unknown (a person has key, name, title, team, groups, roles, manager)",
    ),
    (
        "policies.yaml",
        "approvers: [entitlement_owners]",
        "approvers: [{ expression: 'request.emergency' }]",
        "policies.yaml:9:37: an expression must come to a key or to a list of keys, and this is true or false",
    ),
    (
        "policies.yaml",
        "        - approve: true\n    - steps:",
        "        - wait: 2h\n    - steps:",
        "policies.yaml:7:9: waiting alone decides nothing: a rule needs `approvers`, `approve` or `deny` too",
    ),
    (
        "policies.yaml",
        "        - approve: true\n    - steps:",
        "        - { wait: soon, quorum: 2 }\n        - approve: true\n    - steps:",
        "policies.yaml:7:19: “soon” is not a length. Please write something like 90m, 12h or 1w2d\npolicies.yaml:7:33: `quorum` has no effect on a step that only waits",
    ),
    (
        "policies.yaml",
        "        - approve: true\n    - steps:",
        "        - wait: { until: 'x', at_most: 1h, then: pass }\n        - approve: true\n    - steps:",
        "policies.yaml:7:27: the name `x` is unknown (a condition has subject, requester, entitlement, app, request)\npolicies.yaml:7:50: the outcome `pass` is unknown. Known: deny, skip, expire",
    ),
    (
        "policies.yaml",
        "        - approve: true\n    - steps:",
        "        - wait: { until: 'true' }\n        - approve: true\n    - steps:",
        "policies.yaml:7:17: the field `at_most` is missing; write `wait: 2h` or `wait: { until: …, at_most: 1d, then: deny }`",
    ),
    (
        "apps/github.yaml",
        "owners: [group:owners]\n",
        "owners: [group:owners]\nresources: [{ name: paymnets, owners: [bob] }, { name: payments }]\n",
        "apps/github.yaml:4:21: no entitlement of this app is about the resource `paymnets`\napps/github.yaml:4:48: a resource is named here to give it `owners`",
    ),
    (
        "policies.yaml",
        "then: deny",
        "then: dney",
        "policies.yaml:10:40: the outcome `dney` is unknown; did you mean `deny`? Known: fallback, remind, skip, deny, cancel, expire",
    ),
    (
        "policies.yaml",
        "          quorum: 2\n",
        "          quorum: 2\n          reassign: nobody\n",
        "policies.yaml:17:21: say to whom: `anyone`, or a list of approvers",
    ),
    (
        "policies.yaml",
        "          quorum: 2\n",
        "          quorum: 2\n          reassign: { to: [carla] }\n",
        "policies.yaml:17:28: the approver `carla` does not exist",
    ),
    (
        "policies.yaml",
        "          quorum: 2\n",
        "          quorum: 2\n          claim: 5 s\n",
        "policies.yaml:17:18: “5 s” is not a length. Please write something like 90m, 12h or 1w2d",
    ),
    (
        "policies.yaml",
        "          quorum: 2\n",
        "          quorum: 2\n          channel: approvals\n",
        "policies.yaml:17:20: `approvals` is no channel: write its id (C0123456789) or \"#its-name\", in quotes",
    ),
    (
        "policies.yaml",
        "        - approve: true\n    - steps",
        "        - approve: true\n          remind: 4h\n    - steps",
        "policies.yaml:8:19: `remind` has no effect on a step that passes or denies by itself",
    ),
    (
        "policies.yaml",
        "after: 4h",
        "after: -4h",
        "policies.yaml:10:30: “-4h” is not a length. Please write something like 90m, 12h or 1w2d",
    ),
    (
        "policies.yaml",
        "after: 4h",
        "after: 9999y",
        "policies.yaml:10:30: longer than ten years; where access may have no end write `no_end: true`",
    ),
    (
        "policies.yaml",
        "quorum: 2",
        "quorum: 3",
        "policies.yaml:16:19: 3 have to approve, and only 2 people are named",
    ),
    (
        "policies.yaml",
        "quorum: 2",
        "quorum: 0",
        "policies.yaml:16:19: the quorum is `any`, `all` or a number from 1",
    ),
    (
        "policies.yaml",
        "quorum: 2",
        "quorum: most",
        "policies.yaml:16:19: the quorum is `any`, `all` or a number from 1",
    ),
    (
        "policies.yaml",
        "kind: emergency",
        "kind: emergancy",
        "apps/github.yaml:15:15: the policy `glass` is of kind request, and emergency is needed here\npolicies.yaml:19:9: the kind `emergancy` is unknown; did you mean `emergency`? Known: request, emergency, review, revoke",
    ),
    (
        "policies.yaml",
        "kind: emergency",
        "kind: request",
        "apps/github.yaml:15:15: the policy `glass` is of kind request, and emergency is needed here",
    ),
    (
        "policies.yaml",
        "key: two",
        "key: owner",
        "apps/github.yaml:11:13: the policy `two` does not exist\npolicies.yaml:11:8: there is another policy with the key `owner`",
    ),
    (
        "policies.yaml",
        "- key: two\n",
        "- key: three\n",
        "apps/github.yaml:11:13: the policy `two` does not exist",
    ),
    (
        "apps/github.yaml",
        "policy: two",
        "policy: glass",
        "apps/github.yaml:11:13: the policy `glass` is of kind emergency, and request is needed here",
    ),
    (
        "apps/github.yaml",
        "policy: two",
        "polcy: two",
        "apps/github.yaml:11:5: the field `polcy` is unknown; did you mean `policy`? Known here: key, name, resource, description, instructions, policy, owners, lengths, emergency",
    ),
    (
        "apps/github.yaml",
        "owners: [group:owners]",
        "owners: [group:ownres]",
        "apps/github.yaml:3:10: the group `ownres` does not exist; did you mean `owners`?",
    ),
    (
        "apps/github.yaml",
        "owners: [group:owners]",
        "owners: []",
        "apps/github.yaml:3:9: access to this app is given by hand (connector manual), so it needs an owner who does it\napps/github.yaml:7:13: a step of `owner` asks only owners, and neither the entitlement nor its app has any",
    ),
    (
        "apps/github.yaml",
        "owners: [group:owners]",
        "owners: [1]",
        "apps/github.yaml:3:10: an owner is a person (`ana`) or a group (`group:database-owners`)",
    ),
    (
        "apps/github.yaml",
        "owners: [group:owners]",
        "owners: [group:owners]\nconnector: ldap",
        "apps/github.yaml:4:12: the connector `ldap` is unknown. Known: manual, demo",
    ),
    (
        "apps/github.yaml",
        "owners: [group:owners]",
        "connector: demo",
        "apps/github.yaml:7:13: a step of `owner` asks only owners, and neither the entitlement nor its app has any",
    ),
    (
        "apps/github.yaml",
        "owners: [group:owners]",
        "owners: [group:owners]\nsettings: [1]",
        "apps/github.yaml:4:11: the settings are a mapping (`name: value`)",
    ),
    (
        "apps/github.yaml",
        "key: admin",
        "key: access",
        "apps/github.yaml:8:10: there is another entitlement with the key `access`",
    ),
    (
        "apps/github.yaml",
        "name: Admin",
        "name: Admin of everything that there is in the payments service and around it, for good",
        "apps/github.yaml:9:11: the name is longer than 75 characters",
    ),
    (
        "apps/github.yaml",
        "presets: [1h, 8h]",
        "presets: [1h, 2d]",
        "apps/github.yaml:12:30: 2 days is more than the maximum of 1 day",
    ),
    (
        "apps/github.yaml",
        "presets: [1h, 8h]",
        "presets: [8h, 480m]",
        "apps/github.yaml:12:30: 8 hours is offered already",
    ),
    (
        "apps/github.yaml",
        "presets: [1h, 8h]",
        "presets: [1h, soon]",
        "apps/github.yaml:12:30: “soon” is not a length. Please write something like 90m, 12h or 1w2d",
    ),
    (
        "apps/github.yaml",
        "default: 8h",
        "default: 4h",
        "apps/github.yaml:12:53: 4 hours is not among the lengths that can be chosen",
    ),
    (
        "apps/github.yaml",
        "max: 1d,",
        "max: 1d, no_end: true,",
        "apps/github.yaml:12:52: with a `max` there is always an end",
    ),
    (
        "apps/github.yaml",
        "{ presets: [1h, 8h], max: 1d, default: 8h }",
        "{}",
        "apps/github.yaml:12:14: no length can be chosen: give `presets`, or allow `custom` or `no_end`",
    ),
    (
        "apps/github.yaml",
        "{ presets: [1h, 8h], max: 1d, default: 8h }",
        "{ custom: true }",
        "apps/github.yaml:12:14: a `default` is needed where neither `presets` nor a `max` give one",
    ),
    (
        "apps/github.yaml",
        "      policy: glass\n",
        "",
        "apps/github.yaml:14:16: emergency access needs a `policy` of kind emergency",
    ),
    (
        "apps/github.yaml",
        "      policy: glass\n",
        "      policy: two\n",
        "apps/github.yaml:15:15: the policy `two` is of kind request, and emergency is needed here",
    ),
    (
        "apps/github.yaml",
        "      enabled: true\n",
        "      enabled: false\n      drill: true\n",
        "apps/github.yaml:15:14: a drill needs emergency access that is `enabled`",
    ),
    (
        "organisation.yaml",
        "last_resort: [erin]",
        "last_resort: [erin]\ndrill: { every: 1m, entitlement: github/admin, by: nobody }",
        "organisation.yaml:2:17: a drill takes people's time: at most one an hour\norganisation.yaml:2:34: `github/admin` is not marked for drills: say `drill: true` in its emergency settings\norganisation.yaml:2:52: there is nobody called `nobody`",
    ),
    (
        "apps/github.yaml",
        "      max: 2h\n",
        "      max: 2h\n      approval: required\n",
        "apps/github.yaml:17:17: `required` contradicts the policy `glass`, whose rule 1 lets it pass without anybody",
    ),
    (
        "apps/github.yaml",
        "      max: 2h\n",
        "      max: 2h\n      approval: automatic\n      step_up: false\n",
        "",
    ),
    (
        "apps/github.yaml",
        "      max: 2h\n",
        "      max: 2h\n      approval: sometimes\n      step_up: true\n",
        "apps/github.yaml:17:17: the approval `sometimes` is unknown. Known: required, automatic\napps/github.yaml:18:16: step-up cannot be switched on yet: c1 does not know how strongly people have signed in to Slack; leave it out, or write `step_up: false`",
    ),
    (
        "apps/github.yaml",
        "      max: 2h\n",
        "",
        "apps/github.yaml:14:16: emergency access needs a `max`: it is short",
    ),
    (
        "apps/github.yaml",
        "who: [group:owners, \"role:auditor\", { when: subject.key == 'ana' }]",
        "who: []",
        "apps/github.yaml:14:16: nobody may use it: say `who` (everyone, role:…, group:…, when:…)",
    ),
    (
        "apps/github.yaml",
        "role:auditor",
        "role:auditer",
        "apps/github.yaml:17:27: the role `auditer` is unknown; did you mean `auditor`? Known: helpdesk, request_admin, app_admin, auditor, super_admin",
    ),
    (
        "apps/github.yaml",
        "role:auditor",
        "somebody",
        "apps/github.yaml:17:27: somebody is `everyone`, `role:helpdesk`, `group:engineers` or `when: …` (a condition)",
    ),
    (
        "apps/github.yaml",
        "subject.key == 'ana'",
        "subject.kye == 'ana'",
        "apps/github.yaml:17:58: the field `kye` is unknown, did you mean `key`? (a person has key, name, title, team, groups, roles, manager)",
    ),
    (
        "catalogs.yaml",
        "github/*",
        "gitub/*",
        "catalogs.yaml:1:57: the app `gitub` does not exist; did you mean `github`?",
    ),
    (
        "catalogs.yaml",
        "github/*",
        "github/amdin",
        "catalogs.yaml:1:57: the entitlement `github/amdin` does not exist; did you mean `github/admin`?",
    ),
    (
        "catalogs.yaml",
        "github/*",
        "github",
        "catalogs.yaml:1:57: write `github/*` for the whole app, or `github/` and an entitlement",
    ),
    (
        "catalogs.yaml",
        "everyone: true",
        "everyone: false",
        "catalogs.yaml:1:3: nobody sees this catalog: write `everyone: true` or an `audience` of groups",
    ),
    (
        "catalogs.yaml",
        "everyone: true",
        "everyone: true, audience: [owners]",
        "catalogs.yaml:1:52: a catalog for everyone needs no audience",
    ),
    (
        "catalogs.yaml",
        "everyone: true",
        "audience: [ownres]",
        "catalogs.yaml:1:37: the group `ownres` does not exist; did you mean `owners`?",
    ),
];

#[test]
fn every_mistake_in_a_rotation_is_named_with_its_place() {
    let told = |rotation: &str| {
        let mut files = BASE.to_vec();
        files.push(("rotations.yaml", rotation));
        problems(&Folder::of(&files)).join("\n")
    };
    assert_eq!(
        told("- { key: data, name: Data, people: [bob, erin], every: 1w, from: 2026-01-05 }\n"),
        ""
    );
    assert_eq!(
        told(
            "- { key: data, name: Data, shifts: [{ person: bob, from: 2026-01-05 09:00, until: 2026-01-06T09:00:00+01:00 }] }\n"
        ),
        ""
    );
    let service =
        "- { key: data, name: Data, url: 'https://api.pagerduty.com/oncalls', format: pagerduty, token_env: PD }\n";
    assert_eq!(told(service), "");
    let all = [
        "- { key: data, name: Data }\n".to_owned(),
        "- { key: data, name: Data, people: [bob], url: 'https://x.example', format: pagerduty, token_env: PD }\n"
            .to_owned(),
        "- { key: data, name: Data, people: [bbo], every: 10m, from: yesterday }\n".to_owned(),
        "- { key: data, name: Data, people: [bob] }\n".to_owned(),
        "- { key: data, name: Data, shifts: [{ person: bob, from: 2026-01-06, until: 2026-01-05 }] }\n".to_owned(),
        service.replace("https", "http"),
        service.replace("https://", "https://me:secret@"),
        service.replace("format: pagerduty", "format: pager"),
        service.replace("token_env: PD", "token_env: sEcReT"),
        service.replace("token_env: PD", "token_env: SLACK_BOT_TOKEN"),
        service.replace("token_env: PD", "token_env: PD, stale_after: 1m"),
        "- { key: data, name: Data, people: [bob], every: 1w, from: 2026-01-05, stale_after: 1h }\n".to_owned(),
    ];
    let told: Vec<String> = all.iter().map(|rotation| told(rotation)).collect();
    insta::assert_snapshot!(told.join("\n\n"), @r"
    rotations.yaml:1:3: a rotation has either `shifts`, or `people`, `every` and `from`, or `url`, `format` and `token_env`

    rotations.yaml:1:3: a rotation has either `shifts`, or `people`, `every` and `from`, or `url`, `format` and `token_env`

    rotations.yaml:1:37: the person `bbo` does not exist; did you mean `bob`?
    rotations.yaml:1:50: nobody takes over more often than every hour
    rotations.yaml:1:61: `yesterday` is no moment: write `2026-11-30`, `2026-11-30 09:00` (in UTC) or `2026-11-30T09:00:00+01:00`

    rotations.yaml:1:3: who takes turns needs `people`, `every` (`1w`) and `from` (the first hand-over)

    rotations.yaml:1:77: the shift ends before it begins

    rotations.yaml:1:33: the service is asked by https (by http on this machine alone)

    rotations.yaml:1:33: no secret belongs in a file: the token comes from `token_env`

    rotations.yaml:1:78: the format `pager` is unknown. Known: pagerduty, opsgenie

    rotations.yaml:1:100: the name of an environment variable is needed (`PAGERDUTY_TOKEN`), and not the token itself

    rotations.yaml:1:100: `SLACK_BOT_TOKEN` is a setting of c1 itself

    rotations.yaml:1:117: the service is asked every few minutes; `stale_after` is at least 5m

    rotations.yaml:1:85: only the answer of a `url` gets old
    ");
}
